#include "storage/audit/audit.hpp"

#include <algorithm>

namespace partita::audit {

std::string_view name_of(rule what) {
  switch (what) {
    case rule::rows:
      return "rows agree with each other";
    case rule::conservation:
      return "each partition is in one place";
    case rule::one_result:
      return "one result a partition";
    case rule::lease_of_node:
      return "no lease outlives its node";
    case rule::fence:
      return "every write held its fence";
    case rule::single_start:
      return "at most one start, if not transferable";
    case rule::one_live_run:
      return "one live run an identity";
    case rule::completed:
      return "COMPLETED means it";
    case rule::only_grows:
      return "terms and attempts grow, ends are final";
    case rule::replay:
      return "the log gives the tables";
    case rule::one_name:
      return "one partition a file name";
    case rule::one_tick:
      return "one run a tick of a schedule";
    case rule::within_limits:
      return "no more in execution than a limit allows";
  }
  return "?";
}

bool verdict::clean() const {
  return std::all_of(checks.begin(), checks.end(), [](const check& c) { return !c.violations; });
}

void verdict::find(rule broken, std::string sentence) {
  if (++of(broken).violations <= findings_kept) findings.push_back({broken, std::move(sentence)});
}

verdict audit(const tables& t) {
  verdict v;
  audit_rows(t, v);
  audit_results(t, v);
  audit_schedules(t, v);
  audit_limits(t, v);
  audit_log(t, v);
  std::stable_sort(v.findings.begin(), v.findings.end(),
                   [](const finding& a, const finding& b) { return a.broken < b.broken; });
  return v;
}

}  // namespace partita::audit
