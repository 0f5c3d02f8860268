#include "protocol/settings.hpp"

namespace partita {

settings fast_settings() {
  settings s;
  s.heartbeat = milliseconds{150};
  s.heartbeat_timeout = milliseconds{250};
  s.heartbeat_retry = milliseconds{50};
  s.unreachable_after = milliseconds{800};
  s.deregister_after = milliseconds{1600};
  s.poll = milliseconds{100};
  s.master_poll = milliseconds{50};
  s.lease_hold = milliseconds{300};
  return s;
}

namespace {

std::string ms(milliseconds d) { return std::to_string(d.count()) + " ms"; }

}  // namespace

std::vector<std::string> problems(const settings& s) {
  std::vector<std::string> found;
  auto positive = [&](const char* name, auto value) {
    if (value <= decltype(value){}) found.push_back(std::string{name} + " must be greater than 0");
  };
  positive("heartbeat", s.heartbeat);
  positive("heartbeat_timeout", s.heartbeat_timeout);
  positive("heartbeat_retry", s.heartbeat_retry);
  positive("poll", s.poll);
  positive("master_poll", s.master_poll);
  positive("lease_hold", s.lease_hold);
  positive("max_lease_width", s.max_lease_width);
  positive("max_report_batch", s.max_report_batch);
  positive("few_results", s.few_results);
  positive("loss_piece", s.loss_piece);
  positive("max_masterships", s.max_masterships);
  positive("split_batch", s.split_batch);
  positive("max_partitions", s.max_partitions);
  positive("database_timeout", s.database_timeout);
  positive("retry_first", s.retry_first);
  if (s.executors < 0) found.push_back("executors must be 0 (one per core) or more");
  if (s.executors > 1024) found.push_back("executors must be at most 1024");
  if (s.retry_max < s.retry_first) found.push_back("retry_max must be at least retry_first");
  if (s.report_delay < milliseconds{0} || s.drain_grace < milliseconds{0} ||
      s.stop_grace < milliseconds{0})
    found.push_back("report_delay, drain_grace and stop_grace must not be negative");

  auto three_renewals = 3 * s.heartbeat + s.heartbeat_retry + s.heartbeat_timeout;
  if (s.unreachable_after < three_renewals)
    found.push_back("unreachable_after is " + ms(s.unreachable_after) +
                    " but must be at least 3 x heartbeat + heartbeat_retry + heartbeat_timeout = " +
                    ms(three_renewals) + ": one slow answer of the database would convict nodes");
  if (s.deregister_after < 2 * s.unreachable_after)
    found.push_back("deregister_after is " + ms(s.deregister_after) +
                    " but must be at least 2 x unreachable_after = " + ms(2 * s.unreachable_after) +
                    ": a node must have time to fence itself before its work is given away");
  return found;
}

}  // namespace partita
