#include "apps/partita/http/probes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/partita/http/errors.hpp"
#include "protocol/errors.hpp"
#include "storage/clock.hpp"

namespace partita::http {

namespace {

constexpr milliseconds still_alive{30'000};  // since the node's actor ticked last

response text(int status, const std::string& body) {
  return {status, "text/plain; charset=utf-8", body + "\n", {{"Cache-Control", "no-store"}}};
}

double seconds_since(mono_time then) {
  return std::chrono::duration<double>(boot_now() - then).count();
}

/// What is wrong; nothing where it is fine.
struct check {
  std::string name;
  std::string trouble;
};

check database_check(api_state& state, audience to) {
  try {
    state.readers.look([](const reader& look) { return look.find_run(run_id{1}); });
    return {"database", ""};
  } catch (const store_error& e) {
    return {"database", to == audience::readers ? e.what() : std::string{to_string(e.code())}};
  } catch (const http_error& e) {  // of the sessions of this server
    return {"database", e.what()};
  } catch (const std::exception& e) {
    return {"database", to == audience::readers ? e.what() : "it cannot be asked"};
  }
}

response verdict(const std::vector<check>& checks, bool verbose) {
  const auto fine = [](const check& one) { return one.trouble.empty(); };
  const bool all_fine = std::all_of(checks.begin(), checks.end(), fine);
  std::string body;
  for (const auto& one : checks)
    if (verbose || !fine(one))
      body +=
          fine(one) ? "[+] " + one.name + " ok\n" : "[-] " + one.name + ": " + one.trouble + "\n";
  return text(all_fine ? 200 : 503, body + (all_fine ? "ok" : "not ready"));
}

std::vector<check> readiness(const vital_signs* own, api_state& state, audience to) {
  std::vector<check> checks{database_check(state, to)};
  if (own == nullptr) return checks;
  const auto renewed = own->counters->renewed.last();
  const auto age = std::chrono::duration_cast<milliseconds>(boot_now() - renewed);
  checks.push_back({"renewal", renewed == mono_time{} ? "the node has not joined yet"
                                                      : trouble_of_renewal(age, own->limits)});
  const auto passes = own->counters->ticks_pass.last() != mono_time{};
  checks.push_back({"schedules", passes ? "it does not fire the schedules that it owns" : ""});
  checks.push_back({"draining", own->counters->draining.value() > 0 ? "it takes no new work" : ""});
  return checks;
}

}  // namespace

std::string trouble_of_renewal(milliseconds age, const settings& limits) {
  if (age <= limits.unreachable_after) return "";
  return fmt::format("its heartbeat is {:.1f} s old, others {}",
                     std::chrono::duration<double>(age).count(),
                     age < limits.deregister_after ? "give it up soon" : "have given it up");
}

std::vector<route> probe_routes(std::shared_ptr<const vital_signs> own, api_state& state,
                                audience to) {
  const auto live = [own](const call&) {
    if (!own) return text(200, "ok");
    const auto ticked = own->counters->ticked.last();
    if (ticked == mono_time{} || boot_now() - ticked < still_alive) return text(200, "ok");
    return text(503, fmt::format("the node has done nothing for {:.0f} s", seconds_since(ticked)));
  };
  // Shared like all answers: probes must not cost the database more the more there are. But not
  // with those of another audience.
  const auto shared = std::make_shared<answers>();
  const auto ready = [own, &state, to, shared](const call& c) {
    const auto verbose = c.what.query.contains("verbose");
    return shared->get_soon(c.what,
                            [&] { return verdict(readiness(own.get(), state, to), verbose); });
  };
  const auto started = [own](const call&) {
    const bool has = !own || own->counters->renewed.last() != mono_time{};
    return text(has ? 200 : 503, has ? "ok" : "the node has not joined yet");
  };
  return {{"GET", "/livez", live}, {"GET", "/readyz", ready}, {"GET", "/startupz", started}};
}

}  // namespace partita::http
