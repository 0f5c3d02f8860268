#include "batch/job.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "protocol/retry.hpp"

namespace partita {

namespace {

[[noreturn]] void refuse(const std::string& job, const std::string& why) {
  throw definition_error("job " + job + ": " + why);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  });
}

const std::string& name_of(const job_step& s) {
  return std::visit([](const auto& one) -> const std::string& { return one.name(); }, s);
}

std::string flaw(const partitioned& s) {
  if (bool(s.splitter()) == bool(s.streamer())) return "needs one of split and stream";
  if (!s.body()) return "has no body: give each(…)";
  if (auto why = flaw_of(s.retries()); !why.empty()) return why;
  if (s.time_limit() < milliseconds{0}) return "has a timeout of less than 0 ms";
  if (s.streamer() && !std::holds_alternative<shared>(s.assigned()))
    return "is streamed, so its partitions can only be shared";
  return {};
}

std::string flaw(const tasklet& s) { return s.body() ? flaw_of(s.retries()) : "has no body"; }

}  // namespace

const partitioned* job::partitioned_step(std::string_view step_name) const {
  for (const auto& s : steps_)
    if (const auto* p = std::get_if<partitioned>(&s); p && p->name() == step_name) return p;
  return nullptr;
}

std::vector<step_shape> job::shape() const {
  if (!is_name(name_)) refuse(name_, "a name is made of letters, digits, '_', '-' and '.'");
  if (version_ < 1) refuse(name_, "the version must be 1 or more");
  if (steps_.empty()) refuse(name_, "has no step");
  std::set<std::string> seen;
  for (const auto& p : parameters_)
    if (!is_name(p.name) || !seen.insert(p.name).second)
      refuse(name_, "parameter " + p.name + " is declared twice or has no proper name");

  std::vector<step_shape> shapes;
  for (const auto& s : steps_) {
    const auto& name = name_of(s);
    auto twice = std::any_of(shapes.begin(), shapes.end(),
                             [&](const step_shape& other) { return other.name == name; });
    if (!is_name(name) || twice) refuse(name_, "step " + name + " has a used or improper name");
    auto why = std::visit([](const auto& one) { return flaw(one); }, s);
    if (!why.empty()) refuse(name_, "step " + name + " " + why);
    auto kind = std::holds_alternative<tasklet>(s) ? step_kind::tasklet : step_kind::partitioned;
    shapes.push_back({name, kind, std::nullopt});
  }
  auto index_of = [&](const std::string& name) {
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (shapes[i].name == name) return i;
    refuse(name_, "on_failure names step " + name + ", which it does not have");
  };
  for (const auto& [from, to] : jumps_) {
    auto source = index_of(from);
    auto target = index_of(to);
    if (target <= source) refuse(name_, "on_failure may only go forward, not to " + to);
    shapes[source].on_failure = target;
  }
  return shapes;
}

}  // namespace partita
