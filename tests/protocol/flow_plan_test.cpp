#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <set>

#include "protocol/run_plan.hpp"

using namespace partita;

namespace {

/// load, then two flows side by side, then a step that decides, and three more.
///   load -> { index -> sort | enrich -> report } -> check -> clean -> repair -> last
std::vector<step_shape> nightly() {
  const auto tasklet = step_kind::tasklet;
  return {{"load", tasklet},
          {"index", tasklet, {0}, {}, 1},
          {"sort", tasklet, {1}, {}, 1},
          {"enrich", tasklet, {0}, {}, 2},
          {"report", tasklet, {3}, {}, 2},
          {"check", tasklet, {2, 4}, {}, 0, true},
          {"clean", tasklet, {5}},
          {"repair", tasklet, {6}},
          {"last", tasklet, {7}}};
}
enum : std::size_t { load, indexing, sort, enrich, report, check, clean, repair, last };

/// The rows of a run, as a master changes them.
struct history {
  std::vector<step_shape> plan = nightly();
  run_row run{};
  std::vector<step_row> rows{};

  history() { run.state = run_state::running; }

  step_row& put(std::size_t i, step_state state) {
    step_row s;
    s.id = step_id{static_cast<std::int64_t>(i) + 1};
    s.spec.ordinal = static_cast<int>(i);
    s.spec.name = plan[i].name;
    s.spec.kind = plan[i].kind;
    s.state = state;
    s.sealed = true;
    if (state == step_state::failed) s.error = "it broke";
    return rows.emplace_back(std::move(s));
  }
  void completed(std::initializer_list<std::size_t> steps) {
    for (auto i : steps) put(i, step_state::completed);
  }
  step_row& at(std::size_t i) {
    return *std::find_if(rows.begin(), rows.end(),
                         [&](const step_row& s) { return s.spec.ordinal == static_cast<int>(i); });
  }
  bool has(std::size_t i, step_state state) const {
    return std::any_of(rows.begin(), rows.end(), [&](const step_row& s) {
      return s.spec.ordinal == static_cast<int>(i) && s.state == state;
    });
  }

  std::vector<master_action> actions() const { return next_actions(run, rows, plan, {}); }
  std::vector<std::string> next() const;
};

std::string text_of(const master_action& action, const history& h) {
  const auto name = [&](std::size_t i) { return h.plan[i].name; };
  const auto of = [&](step_id id) { return name(static_cast<std::size_t>(id.value) - 1); };
  if (const auto* a = std::get_if<begin_step>(&action))
    return "begin " + name(a->index) + (a->after_failure ? " after a failure" : "");
  if (const auto* a = std::get_if<run_tasklet>(&action)) return "run " + name(a->index);
  if (const auto* a = std::get_if<decide_step>(&action)) return "decide " + name(a->index);
  if (const auto* a = std::get_if<watch_step>(&action)) return "watch " + of(a->step);
  if (const auto* a = std::get_if<end_step>(&action))
    return std::string{to_string(a->state)} + " " + of(a->step);
  if (const auto* a = std::get_if<end_run>(&action))
    return std::string{to_string(a->state)} + (a->error.empty() ? "" : ": " + a->error);
  return "?";
}

std::vector<std::string> history::next() const {
  std::vector<std::string> all;
  for (const auto& action : actions()) all.push_back(text_of(action, *this));
  return all;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("flows of a group begin together, and what follows begins when all have ended") {
  history h;
  CHECK(h.next() == words{"begin load"});
  h.put(load, step_state::running);
  CHECK(h.next() == words{"run load"});
  h.at(load).state = step_state::completed;
  CHECK(h.next() == words{"begin index", "begin enrich"});
  h.put(indexing, step_state::running);
  CHECK(h.next() == words{"run index", "begin enrich"});
  h.put(enrich, step_state::completed);
  CHECK(h.next() == words{"run index", "begin report"});
  h.put(report, step_state::completed);
  CHECK(h.next() == words{"run index"});
  h.at(indexing).state = step_state::completed;
  CHECK(h.next() == words{"begin sort"});
  h.put(sort, step_state::completed);
  CHECK(h.next() == words{"begin check"});
}

TEST_CASE("when a step of a flow fails, what runs beside it ends, nothing begins, the run FAILS") {
  history h;
  h.completed({load});
  h.put(indexing, step_state::running);
  h.put(enrich, step_state::failed);
  CHECK(h.next() == words{"run index"});
  h.at(indexing).state = step_state::completed;
  CHECK(h.next() == words{"FAILED: step enrich failed: it broke"});
}

TEST_CASE("a failed step with a way on in its flow lets the group end, and the run is FAILED") {
  history h;
  h.plan[enrich].on_failure = report;
  h.completed({load, indexing, sort});
  h.put(enrich, step_state::failed);
  CHECK(h.next() == words{"begin report after a failure"});
  h.completed({report, check});
  h.at(check).decided = decision{};
  h.completed({clean, repair, last});
  CHECK(h.next() == words{"FAILED: step enrich failed: it broke"});
}

TEST_CASE("a decider chooses what comes next, and nothing comes before it has chosen") {
  history h;
  h.completed({load, indexing, sort, enrich, report, check});
  CHECK(h.next() == words{"decide check"});
  auto& decided = h.at(check).decided;
  decided = decision{decision_kind::next};
  CHECK(h.next() == words{"begin clean"});
  decided = decision{decision_kind::go_to, "repair"};
  CHECK(h.next() == words{"begin repair"});
  CHECK(follow(h.rows, h.plan).places[clean] == place::jumped_over);
  decided = decision{decision_kind::complete};
  CHECK(h.next() == words{"COMPLETED"});
  decided = decision{decision_kind::fail, "too dirty"};
  CHECK(h.next() == words{"FAILED: after step check: too dirty"});
  decided = decision{decision_kind::go_to, "polish"};
  CHECK(h.next() == words{"FAILED: step check goes to step polish, which does not come after it in "
                          "this version of the job"});
}

TEST_CASE("a jump goes forward, and stays in its sequence") {
  const auto plan = nightly();
  CHECK(target_of(plan, check, "last") == last);
  CHECK_FALSE(target_of(plan, check, "check"));
  CHECK_FALSE(target_of(plan, check, "load"));
  CHECK_FALSE(target_of(plan, load, "index"));  // into a flow
  CHECK(target_of(plan, load, "check") == check);
  CHECK(target_of(plan, indexing, "sort") == sort);
  CHECK_FALSE(target_of(plan, indexing, "report"));  // the other flow
  CHECK_FALSE(target_of(plan, indexing, "check"));   // out of its flow
}

TEST_CASE("a jump over a group leaves all of it out") {
  history h;
  h.plan[load].on_failure = check;
  h.put(load, step_state::failed);
  CHECK(h.next() == words{"begin check after a failure"});
  const auto path = follow(h.rows, h.plan);
  for (auto i : {indexing, sort, enrich, report}) CHECK(path.places[i] == place::jumped_over);
}

TEST_CASE("a step comes before another one if it has always ended or been left out by then") {
  const auto plan = nightly();
  const auto before = [&](std::size_t i) {
    words names;
    const auto all = steps_before(plan, i);
    for (std::size_t k = 0; k < all.size(); ++k)
      if (all[k]) names.push_back(plan[k].name);
    return names;
  };
  CHECK(before(load).empty());
  CHECK(before(sort) == words{"load", "index"});
  CHECK(before(report) == words{"load", "enrich"});
  CHECK(before(clean) == words{"load", "index", "sort", "enrich", "report", "check"});
}

TEST_CASE("a stop request ends all that runs, and nothing begins") {
  history h;
  h.completed({load});
  h.put(indexing, step_state::running);
  h.put(enrich, step_state::running);
  h.run.stop = stop_mode::stop;
  CHECK(h.next() == words{"STOPPED index", "STOPPED enrich"});
  for (auto i : {indexing, enrich}) h.at(i).state = step_state::stopped;
  h.at(indexing).error = "a stop was requested";
  h.at(enrich).error = "a stop was requested";
  CHECK(h.next() == words{"STOPPED: a stop was requested"});
}

TEST_CASE("of a run that was asked to stop no decider is asked, and a failure outweighs the stop") {
  history h;
  h.completed({load, indexing, sort, enrich, report, check});
  h.run.stop = stop_mode::stop;
  CHECK(h.next() == words{"STOPPED: a stop was requested"});
  history f;
  f.completed({load});
  f.put(indexing, step_state::stopped);
  f.put(enrich, step_state::failed);
  f.run.stop = stop_mode::stop;
  CHECK(f.next() == words{"FAILED: step enrich failed: it broke"});
}

TEST_CASE("a step that a failure led to is told from others, and so is all that comes after it") {
  history h;
  h.plan[load].on_failure = check;
  h.put(load, step_state::failed);
  CHECK(h.next() == words{"begin check after a failure"});
  h.completed({check});
  h.at(check).decided = decision{decision_kind::go_to, "repair"};
  CHECK(h.next() == words{"begin repair after a failure"});
  h.completed({repair});
  CHECK(h.next() == words{"begin last after a failure"});
}

TEST_CASE(
    "a run that has other steps than the version of its job fails, and ends what is at work") {
  history h;
  h.put(load, step_state::running).spec.name = "unload";
  CHECK(h.next() == words{"STOPPED load"});
  h.at(load).state = step_state::stopped;
  CHECK(h.next() ==
        words{"FAILED: the run has step unload where this version of the job has load"});
}

TEST_CASE("rows of steps that the run has not come to decide nothing") {
  history h;
  h.put(load, step_state::running);
  h.completed({check});
  h.at(check).decided = decision{decision_kind::complete};
  h.put(last, step_state::failed);
  CHECK(h.next() == words{"run load"});
}

namespace {

/// What must hold when a step begins, said without the plan.
bool may_begin(const history& h, std::size_t i) {
  const auto done = [&](std::size_t k) { return h.has(k, step_state::completed); };
  const auto chose = [&](decision_kind how, const std::string& text = "") {
    for (const auto& s : h.rows)
      if (s.spec.name == "check") return s.decided == decision{how, text};
    return false;
  };
  switch (i) {
    case load:
      return true;
    case indexing:
    case enrich:
      return done(load);
    case sort:
      return done(indexing);
    case report:
      return done(enrich) || h.has(enrich, step_state::failed);
    case check:
      return done(sort) && done(report);
    case clean:
      return done(check) && chose(decision_kind::next);
    case repair:
      return done(clean) || chose(decision_kind::go_to, "repair");
    default:
      return done(repair) || h.has(repair, step_state::failed);
  }
}

/// Whether a failure led to the step, said without the plan.
bool is_after_failure(const history& h, std::size_t i) {
  if (i < report) return false;
  if (i == last && h.has(repair, step_state::failed)) return true;
  return h.has(enrich, step_state::failed);
}

/// Goes through every set of rows that a run can come to, whatever ends how and in whatever order,
/// as if another master took over after each change.
class explorer {
 public:
  int states() const { return static_cast<int>(seen_.size()); }
  std::set<std::string> ends;

  void visit(const history& h) {
    if (!seen_.insert(key(h)).second) return;
    const auto actions = h.actions();
    REQUIRE_FALSE(actions.empty());
    std::set<std::size_t> busy;  // one action a step
    for (const auto& action : actions) {
      if (const auto* a = std::get_if<begin_step>(&action)) {
        INFO("step " << h.plan[a->index].name << " begins after " << key(h));
        CHECK(may_begin(h, a->index));
        CHECK(a->after_failure == is_after_failure(h, a->index));
        CHECK(busy.insert(a->index).second);
        follow_with(h, [&](history& next) { next.put(a->index, step_state::running); });
      } else if (const auto* t = std::get_if<run_tasklet>(&action)) {
        CHECK(busy.insert(t->index).second);
        for (auto state : {step_state::completed, step_state::failed})
          follow_with(h, [&](history& next) {
            next.at(t->index).state = state;
            if (state == step_state::failed) next.at(t->index).error = "it broke";
          });
      } else if (const auto* d = std::get_if<decide_step>(&action)) {
        for (const auto& chosen :
             {decision{}, decision{decision_kind::go_to, "repair"},
              decision{decision_kind::complete}, decision{decision_kind::fail, "no"}})
          follow_with(h, [&](history& next) { next.at(d->index).decided = chosen; });
      } else if (const auto* e = std::get_if<end_step>(&action)) {
        follow_with(h, [&](history& next) {
          next.at(static_cast<std::size_t>(e->step.value) - 1).state = e->state;
        });
      } else if (const auto* r = std::get_if<end_run>(&action)) {
        CHECK(actions.size() == 1);
        for (const auto& s : h.rows) CHECK(s.state != step_state::running);
        const auto failed = [](const step_row& s) { return s.state == step_state::failed; };
        if (r->state == run_state::completed)
          CHECK(std::none_of(h.rows.begin(), h.rows.end(), failed));
        ends.insert(std::string{to_string(r->state)});
      }
    }
    if (h.run.stop == stop_mode::none)
      follow_with(h, [](history& next) { next.run.stop = stop_mode::stop; });
  }

 private:
  template <class Change>
  void follow_with(const history& h, Change change) {
    auto next = h;
    change(next);
    visit(next);
  }

  static std::string key(const history& h) {
    std::string text{to_string(h.run.stop)};
    auto rows = h.rows;
    std::sort(rows.begin(), rows.end(),
              [](const step_row& a, const step_row& b) { return a.spec.ordinal < b.spec.ordinal; });
    for (const auto& s : rows) {
      text += " " + s.spec.name + "=" + std::string{to_string(s.state)};
      if (s.decided) text += "/" + std::string{to_string(s.decided->how)};
    }
    return text;
  }

  std::set<std::string> seen_;
};

}  // namespace

TEST_CASE("whatever ends how and in whatever order, steps begin in order and the run ends") {
  history h;
  h.plan[enrich].on_failure = report;
  h.plan[repair].on_failure = last;
  explorer all;
  all.visit(h);
  CHECK(all.states() > 300);
  CHECK(all.ends == std::set<std::string>{"COMPLETED", "FAILED", "STOPPED"});
}
