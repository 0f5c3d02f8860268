// What becomes of a run in each state at each signal: the table that users are promised (README,
// "Stopping, draining, continuing"), pair by pair, on every backend.

#include <map>
#include <variant>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

enum class state {
  created,
  driven,         // RUNNING, its master works
  masterless,     // RUNNING, its master went away
  asked_to_stop,  // RUNNING, driven
  asked_now,      // RUNNING, driven
  completed,
  failed,
  stopped,
  continued,  // STOPPED, and continued by another run
};
enum class signal { stop, now, restart, master_lost, master_leaves, master_steps_down, adopt };

/// What the run is afterwards: state, stop request, whether somebody drives it; or the refusal.
struct effect {
  run_state state;
  stop_mode stop = stop_mode::none;
  bool driven = false;
};
using expected = std::variant<effect, errc>;

constexpr auto created = run_state::created;
constexpr auto running = run_state::running;
constexpr auto stopped = run_state::stopped;
constexpr auto none = stop_mode::none;
constexpr auto stop = stop_mode::stop;
constexpr auto now = stop_mode::now;
constexpr errc refused = errc::wrong_state;
constexpr effect no_change_completed{run_state::completed, none, true};
constexpr effect no_change_failed{run_state::failed, none, true};
constexpr effect no_change_stopped{run_state::stopped, stop, true};

const std::map<state, std::map<signal, expected>> table{
    {state::created,
     {{signal::stop, effect{stopped, stop}},
      {signal::now, effect{stopped, now}},
      {signal::restart, refused},
      {signal::master_lost, effect{created}},
      {signal::master_leaves, effect{created}},
      {signal::master_steps_down, effect{created}},  // a repeat
      {signal::adopt, effect{running, none, true}}}},
    {state::driven,
     {{signal::stop, effect{running, stop, true}},
      {signal::now, effect{running, now, true}},
      {signal::restart, refused},
      {signal::master_lost, effect{running}},
      {signal::master_leaves, effect{running}},
      {signal::master_steps_down, effect{running}},
      {signal::adopt, effect{running, none, true}}}},
    {state::masterless,
     {{signal::stop, effect{running, stop}},
      {signal::now, effect{running, now}},
      {signal::restart, refused},
      {signal::master_lost, effect{running}},
      {signal::master_leaves, effect{running}},
      {signal::master_steps_down, effect{running}},  // a repeat
      {signal::adopt, effect{running, none, true}}}},
    {state::asked_to_stop,
     {{signal::stop, effect{running, stop, true}},
      {signal::now, effect{running, now, true}},
      {signal::restart, refused},
      {signal::master_lost, effect{running, stop}},
      {signal::master_leaves, effect{running, stop}},
      {signal::master_steps_down, effect{running, stop}},
      {signal::adopt, effect{running, stop, true}}}},
    {state::asked_now,
     {{signal::stop, effect{running, now, true}},
      {signal::now, effect{running, now, true}},
      {signal::restart, refused},
      {signal::master_lost, effect{running, now}},
      {signal::master_leaves, effect{running, now}},
      {signal::master_steps_down, effect{running, now}},
      {signal::adopt, effect{running, now, true}}}},
    {state::completed,
     {{signal::stop, refused},
      {signal::now, refused},
      {signal::restart, refused},
      {signal::master_lost, no_change_completed},
      {signal::master_leaves, no_change_completed},
      {signal::master_steps_down, no_change_completed},
      {signal::adopt, no_change_completed}}},
    {state::failed,
     {{signal::stop, refused},
      {signal::now, refused},
      {signal::restart, no_change_failed},
      {signal::master_lost, no_change_failed},
      {signal::master_leaves, no_change_failed},
      {signal::master_steps_down, no_change_failed},
      {signal::adopt, no_change_failed}}},
    {state::stopped,
     {{signal::stop, no_change_stopped},  // a repeat
      {signal::now, refused},
      {signal::restart, no_change_stopped},
      {signal::master_lost, no_change_stopped},
      {signal::master_leaves, no_change_stopped},
      {signal::master_steps_down, no_change_stopped},
      {signal::adopt, no_change_stopped}}},
    {state::continued,
     {{signal::stop, no_change_stopped},
      {signal::now, refused},
      {signal::restart, refused},
      {signal::master_lost, no_change_stopped},
      {signal::master_leaves, no_change_stopped},
      {signal::master_steps_down, no_change_stopped},
      {signal::adopt, no_change_stopped}}},
};

struct signals : contract {
  run_id id;
  node_id master;
  node_id other;
  term seen;

  void bring_to(state s) {
    master = join("master");
    other = join("other");
    if (s == state::created) {
      id = db->submit(launch()).id;
      return;
    }
    auto r = drive(master);
    id = r.run;
    seen = r.term;
    auto step = split(r, 4);
    auto grant = take(master, step, 2);
    if (s == state::masterless) db->step_down(id, master, seen);
    if (s == state::asked_to_stop) db->request_stop(id, stop);
    if (s == state::asked_now) db->request_stop(id, now);
    if (s == state::completed) {
      complete_all(master, grant);
      complete_all(master, take(master, step));
      end(r, step, step_state::completed);
      end(r, run_state::completed);
    }
    if (s == state::failed || s == state::stopped || s == state::continued) {
      if (s != state::failed) db->request_stop(id, stop);
      complete_all(master, grant);
      end(r, step, s == state::failed ? step_state::failed : step_state::stopped);
      end(r, s == state::failed ? run_state::failed : run_state::stopped);
    }
    if (s == state::continued) db->restart(id, "continued");
  }

  void send(signal s) {
    switch (s) {
      case signal::stop:
        db->request_stop(id, stop);
        break;
      case signal::now:
        db->request_stop(id, now);
        break;
      case signal::restart:
        db->restart(id, "again");
        break;
      case signal::master_lost:
        lose(master);
        break;
      case signal::master_leaves:
        db->leave(master);
        break;
      case signal::master_steps_down:
        db->step_down(id, master, seen);
        break;
      case signal::adopt:
        db->adopt_run(id, other, seen);
        break;
    }
  }
};

}  // namespace

TEST_CASE_METHOD(signals, "every signal to a run in every state does what the table says") {
  for (const auto& [from, row] : table) {
    REQUIRE(row.size() == 7);
    for (const auto& [what, expects] : row) {
      DYNAMIC_SECTION("state " << static_cast<int>(from) << ", signal " << static_cast<int>(what)) {
        bring_to(from);
        errc refusal{};
        bool refusing = false;
        try {
          send(what);
        } catch (const store_error& e) {
          refusing = true;
          refusal = e.code();
        }
        if (const auto* code = std::get_if<errc>(&expects)) {
          REQUIRE(refusing);
          CHECK(refusal == *code);
        } else {
          const auto& e = std::get<effect>(expects);
          CHECK_FALSE(refusing);
          auto after = run(id);
          CHECK(after.state == e.state);
          CHECK(after.stop == e.stop);
          CHECK(bool{after.master} == e.driven);
          if (what == signal::adopt) {
            const auto took = from == state::created || from == state::masterless;
            CHECK((after.master == other) == took);
          }
        }
      }
    }
  }
  CHECK(table.size() == 9);
}
