#pragma once

#include <string>
#include <utility>

#include "storage/audit/event_fields.hpp"
#include "storage/audit/replay.hpp"

namespace partita::audit {

/// The state after the events so far, and the judgements that several kinds of events share.
class replay_state {
 protected:
  replay_state(const world& w, verdict& v) : w_(w), v_(v) {}

  void find(rule broken, const std::string& sentence) {
    v_.find(broken, "event " + std::to_string(event_->id) + " " + event_->kind + " " + sentence);
  }

  template <class Map>
  typename Map::mapped_type& known(Map& map, typename Map::key_type id) {
    auto at = map.find(id);
    if (at == map.end()) throw malformed_event{named(id) + " is in no event before"};
    return at->second;
  }

  template <class Map>
  typename Map::mapped_type& made(Map& map, typename Map::key_type id) {
    if (!id) throw malformed_event{"it names nothing"};
    auto [at, is_new] = map.try_emplace(id);
    if (!is_new) throw malformed_event{named(id) + " is there already"};
    return at->second;
  }

  template <class State, class Id>
  void move(Id id, State& from, State to) {
    v_.count(rule::only_grows);
    if (!may_move(from, to))
      find(rule::only_grows, "makes " + named(id) + " " + str(to) + ", which was " + str(from));
    from = to;
  }

  /// A write of a master: it drives the run, under its term. Without a master, of a run that never
  /// had one: by `restart` or a cancellation.
  replayed_run& driven(const json& detail) {
    auto& run = known(state_.runs, event_->run);
    v_.count(rule::fence);
    if (!event_->node) {
      if (run.state != run_state::created)
        find(rule::fence,
             "was written by nobody for " + named(event_->run) + ", which is " + str(run.state));
      return run;
    }
    const term t{number(detail, "term")};
    if (is_terminal(run.state) || run.master != event_->node || run.term != t)
      find(rule::fence, "was written by " + named(event_->node) + " under term " + str(t) + " of " +
                            named(event_->run) + ", which was " + str(run.state) +
                            (run.master ? " under " + named(run.master) : " without a master") +
                            ", term " + str(run.term));
    return run;
  }

  void make_ready(replayed_step& step, range span, int attempt) {
    for (const auto& e : step.ready.within(span))
      find(rule::conservation, "makes " + named(e.span) + " ready, which waited already");
    for (const auto& e : step.results.within(span))
      find(rule::conservation, "makes " + named(e.span) + " ready, which had a result");
    step.ready.put(span, attempt);
  }

  void end_partitions(replayed_step& step, range span, replayed_result result) {
    for (const auto& e : step.results.within(span))
      find(rule::one_result, "gives " + named(e.span) + " of " + named(event_->step) +
                                 " another result, after " + named(e.value.lease));
    v_.count(rule::one_result, span.size());
    step.results.put(span, result);
  }

  const world& w_;
  verdict& v_;
  const event_row* event_ = nullptr;  // the one that is applied
  replayed_state state_;
};

}  // namespace partita::audit
