#include "apps/partita/http/probes.hpp"

#include <fmt/format.h>

#include <algorithm>

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

check database_check(api_state& state) {
  try {
    state.readers.look([](const reader& look) { return look.find_run(run_id{1}); });
    return {"database", ""};
  } catch (const std::exception& e) {
    return {"database", e.what()};
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

}  // namespace

std::vector<check> readiness(const vital_signs* own, api_state& state) {
  std::vector<check> checks{database_check(state)};
  if (own == nullptr) return checks;
  const auto renewed = own->counters->renewed.last();
  const auto age = seconds_since(renewed);
  const auto most = std::chrono::duration<double>(own->limits.unreachable_after).count();
  check renewal{"renewal", ""};
  if (renewed == mono_time{})
    renewal.trouble = "the node has not joined yet";
  else if (age > most)
    renewal.trouble = fmt::format("its heartbeat is {:.1f} s old, others give it up soon", age);
  checks.push_back(renewal);
  const auto passes = own->counters->ticks_pass.last() != mono_time{};
  checks.push_back({"schedules", passes ? "it does not fire the schedules that it owns" : ""});
  checks.push_back({"draining", own->counters->draining.value() > 0 ? "it takes no new work" : ""});
  return checks;
}

std::vector<route> probe_routes(std::shared_ptr<const vital_signs> own, api_state& state) {
  const auto live = [own](const call&) {
    if (!own) return text(200, "ok");
    const auto ticked = own->counters->ticked.last();
    if (ticked == mono_time{} || boot_now() - ticked < still_alive) return text(200, "ok");
    return text(503, fmt::format("the node has done nothing for {:.0f} s", seconds_since(ticked)));
  };
  const auto ready = [own, &state](const call& c) {
    // Shared like all answers: probes must not cost the database more the more there are.
    const auto verbose = c.what.query.contains("verbose");
    return state.shared.get_soon(c.what,
                                 [&] { return verdict(readiness(own.get(), state), verbose); });
  };
  const auto started = [own, &state](const call& c) {
    if (own) {
      const bool has = own->counters->renewed.last() != mono_time{};
      return text(has ? 200 : 503, has ? "ok" : "the node has not joined yet");
    }
    return state.shared.get_soon(c.what, [&] { return verdict({database_check(state)}, false); });
  };
  return {{"GET", "/livez", live}, {"GET", "/readyz", ready}, {"GET", "/startupz", started}};
}

}  // namespace partita::http
