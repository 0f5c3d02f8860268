#include "tests/sim/flow_check.hpp"

#include <algorithm>

#include "protocol/events.hpp"
#include "tests/sim/script.hpp"

namespace partita::sim {

namespace {

constexpr const char* flow_name = names[static_cast<int>(work_kind::flow)];

class flow_checker {
 public:
  flow_checker(const tables& rows, const oracle& heard, std::vector<std::string>& violations)
      : rows_(rows), heard_(heard), violations_(violations) {
    for (const auto& r : rows.runs)
      if (r.job.name == flow_name) runs_.insert(r.id);
    for (const auto& s : rows.steps)
      if (runs_.contains(s.row.run)) steps_[s.row.id] = &s.row;
  }

  void check() {
    for (const auto& e : rows_.events) {
      if (e.kind == event::run_ended && runs_.contains(e.run) && e.node)
        must_hear(heard_.ends_heard, e.run, "", "its end");
      const auto found = steps_.find(e.step);
      if (found != steps_.end()) of_step(e, *found->second);
    }
  }

 private:
  struct moment {
    std::string state = "RUNNING";
    std::string decision{};
  };

  void of_step(const event_row& e, const step_row& step) {
    const auto detail = json::parse(e.detail, nullptr, false);
    const auto& name = step.spec.name;
    auto& now = seen_[step.run][name];
    const auto copied = e.kind == event::step_begun && detail.contains("continues");
    if (e.kind == event::step_begun && !copied) must_be_able_to_begin(step, "begins");
    if (e.kind == event::lease_granted && !detail.value("lost", false))
      must_be_able_to_begin(step, "is worked on");
    if (e.kind == event::step_decided) now.decision = detail.value("decision", "");
    if (e.kind == event::split_sealed && e.node)
      must_hear(heard_.begins_heard, step.run, name, "the beginning of step " + name);
    if (e.kind != event::step_ended) return;
    now.state = detail.value("state", "");
    if (e.node) must_hear(heard_.ends_heard, step.run, name, "the end of " + name);
  }

  bool is(run_id run, const std::string& step, const std::string& state) {
    return seen_[run].contains(step) && seen_[run][step].state == state;
  }
  bool done(run_id run, const std::string& step) { return is(run, step, "COMPLETED"); }

  bool may_begin(run_id run, const std::string& step) {
    const auto chosen = [&](const char* what) {
      return done(run, "check") && seen_[run]["check"].decision == what;
    };
    if (step == "load") return true;
    if (step == "left" || step == "right") return done(run, "load");
    if (step == "tail") return done(run, "left");
    if (step == "check") return done(run, "tail") && done(run, "right");
    if (step == "middle") return chosen("NEXT");
    if (step == "risky") return done(run, "middle") || chosen("GO_TO");
    if (step == "plain") return done(run, "risky");
    return done(run, "plain") || is(run, "risky", "FAILED");
  }

  void must_be_able_to_begin(const step_row& step, const std::string& what) {
    if (!may_begin(step.run, step.spec.name))
      violations_.push_back("step " + step.spec.name + " of run " + std::to_string(step.run.value) +
                            " " + what + " before what must come first");
  }

  void must_hear(const std::map<std::pair<run_id, std::string>, int>& heard, run_id run,
                 const std::string& step, const std::string& what) {
    if (!heard.contains({run, step}))
      violations_.push_back("nobody heard of " + what + " in run " + std::to_string(run.value));
  }

  const tables& rows_;
  const oracle& heard_;
  std::vector<std::string>& violations_;
  std::set<run_id> runs_;
  std::map<step_id, const step_row*> steps_;
  std::map<run_id, std::map<std::string, moment>> seen_;
};

}  // namespace

void check_flows(const tables& rows, const oracle& heard, std::vector<std::string>& violations) {
  flow_checker{rows, heard, violations}.check();
}

bool flow_may_fail(const tables& rows, run_id run) {
  return std::any_of(rows.steps.begin(), rows.steps.end(), [&](const step_record& s) {
    const auto& decided = s.row.decided;
    const auto& name = s.row.spec.name;
    return s.row.run == run &&
           (((name == "risky" || name == "rescue") && s.row.state == step_state::failed) ||
            (name == "check" && decided && decided->how == decision_kind::fail));
  });
}

// --- the job -------------------------------------------------------------------------------------

/// load -> { left -> tail | right } -> check -> middle -> risky -> plain -> rescue. What follows
/// `check` is drawn anew at each call; in some runs `risky` fails, and `rescue` comes next, and in
/// some of these a partition of that fails: a run that continues it must not begin there.
job jobs_of::flow_of(job named, const std::function<partitioned(const std::string&)>& step) {
  const auto rests = [this](const std::string& name, std::int64_t no) {
    return tasklet{name, [this, no](run_context& run) {
                     where->work(duration(no, 0));
                     run.stop_if_requested();
                   }};
  };
  auto risky = tasklet{"risky", [this](run_context& run) {
                         where->work(duration(12, 0));
                         if (dice{mix(seed_, 25, run.run().value)}.hits(4000))
                           throw permanent_error("simulated: it failed");
                       }};
  auto rescue = step("rescue").each([this](partition_context& p) {
    if (p.no() == 0 && dice{mix(seed_, 26, p.run().value)}.hits(4000))
      throw permanent_error("simulated: it failed");
    plain(p);
  });
  return named.step(step("load"))
      .step(parallel{flow{step("left"), rests("tail", 9)}, flow{step("right")}})
      .step(tasklet{"check", [](run_context& run) { run.result(run.result_of("left")); }})
      .step(rests("middle", 11))
      .step(risky)
      .step(rests("plain", 13))
      .step(rescue)
      .on_failure("risky", go_to{"rescue"})
      .decide("check",
              [this](const outcomes& so_far) -> decision {
                so_far.result_of("right");
                dice d{mix(seed_, 24, ++decided_)};
                if (d.hits(script_.failing)) throw std::runtime_error("simulated: undecided");
                if (d.hits(500)) return complete();
                if (d.hits(500)) return fail("simulated: no");
                return d.hits(5000) ? next() : go_to("risky");
              })
      .before_step([this](std::string_view name, run_context& run) {
        ++oracle_.begins_heard[{run.run(), std::string{name}}];
      })
      .after_step([this](std::string_view name, const step_outcome&, run_context& run) {
        ++oracle_.ends_heard[{run.run(), std::string{name}}];
      })
      .after_run([this](const run_outcome&, run_context& run) {
        ++oracle_.ends_heard[{run.run(), ""}];
      });
}

}  // namespace partita::sim
