#include "apps/partita/retention_options.hpp"

#include <chrono>

#include "apps/partita/errors.hpp"
#include "apps/partita/run_filter.hpp"
#include "apps/partita/text.hpp"
#include "protocol/duration.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

int keep_last_of(const arguments& args) {
  return static_cast<int>(args.number("keep-last", 0, highest_keep_last));
}

/// How long ago a run must have ended: from 30d, or from a time.
milliseconds age_of(const arguments& args) {
  const auto text = args.text("ended-before");
  if (text.empty())
    throw usage_error("purge needs --ended-before", "like --ended-before 30d, or 2026-03-01");
  if (const auto age = parse_duration(text)) return *age;
  const auto now = wall_now();
  const auto since = parse_since(text, now);
  if (!since || *since > now)
    throw usage_error(
        "--ended-before must be a time in the past like 30d, 12h or "
        "2026-03-01T10:20, not " +
        text);
  return std::chrono::ceil<milliseconds>(now - *since);
}

}  // namespace

retention retention_of(const arguments& args, const std::string& duration) {
  const auto keep = parse_duration(duration);
  if (!keep) throw usage_error("how long runs are kept is like 30d, 12h or 90m, not " + duration);
  return {*keep, keep_last_of(args)};
}

purge_choice purge_choice_of(const arguments& args) {
  return {args.text("job"), states_of(args), {age_of(args), keep_last_of(args)}};
}

}  // namespace partita::cli
