#include <fmt/format.h>

#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/render.hpp"
#include "storage/audit/audit.hpp"

namespace partita::cli {

namespace {

const listing rules{{{"NO", "/no", cell::number},
                     {"INVARIANT", "/invariant"},
                     {"CHECKED", "/checked", cell::number},
                     {"VIOLATIONS", "/violations", cell::number},
                     {"VERDICT", "/verdict"}},
                    "/no"};

document rule_document(const audit::verdict& v, audit::rule what) {
  const auto& check = v.of(what);
  auto findings = document::array();
  for (const auto& f : v.findings)
    if (f.broken == what) findings.push_back(f.sentence);
  const auto no = static_cast<int>(what);
  return {{"no", no == 0 ? document(nullptr) : document(no)},
          {"invariant", audit::name_of(what)},
          {"checked", check.checked},
          {"violations", check.violations},
          {"verdict", check.violations ? "VIOLATED"
                      : check.checked  ? "ok"
                                       : "nothing to check"},
          {"findings", findings}};
}

void print_findings(std::ostream& out, const audit::verdict& v) {
  for (const auto& f : v.findings)
    out << fmt::format("{}: {}\n", audit::name_of(f.broken), escape_controls(f.sentence));
  for (int no = 0; no < audit::rule_count; ++no) {
    const auto what = static_cast<audit::rule>(no);
    if (const auto more = v.of(what).violations - audit::findings_kept; more > 0)
      out << fmt::format("{}: and {} more\n", audit::name_of(what), grouped(more));
  }
}

}  // namespace

exit_code verify_command(const invocation& in) {
  start_log(in.args);
  const auto& words = in.args.words();
  require_words(words, {}, 1);
  if (!words.empty() && in.args.has("all"))
    throw usage_error("--all verifies every run; give it or the number of one run");
  std::optional<run_id> run;
  if (!words.empty()) run = parse_run_id(words.front());
  style how;
  how.format = wants_json(in.args) ? output_format::json : output_format::table;

  const auto found = audit::audit(open_existing(database_url(in.args))->audit_rows(run));
  std::vector<document> items;
  for (int no = 1; no <= audit::rule_count; ++no)  // rule 0, not in the README, is last
    items.push_back(rule_document(found, static_cast<audit::rule>(no % audit::rule_count)));
  std::cout << render(rules, items, how);
  if (how.format == output_format::table && !found.clean()) {
    std::cout << "\n";
    print_findings(std::cout, found);
  }
  for (const auto at : found.losses)
    std::cerr << "history was lost: at " << iso_time(at)
              << " a process missed what a server had acknowledged to it (a failover to a server "
                 "that had not received everything); what is checked here is what was left\n";
  std::cerr << (found.clean() ? "everything checked holds\n"
                              : "the database breaks its own rules; keep a copy of it, and ask "
                                "where it was restored or edited\n");
  return found.clean() ? exit_code::ok : exit_code::failed;
}

}  // namespace partita::cli
