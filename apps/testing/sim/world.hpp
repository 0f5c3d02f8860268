#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/deps.hpp"
#include "apps/testing/sim/dice.hpp"
#include "apps/testing/sim/faults.hpp"
#include "apps/testing/sim/purged_rows.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

namespace partita::sim {

/// An empty database with the engine's tables, whose time is that of the clock.
using database_maker = std::function<std::shared_ptr<database>(wall_clock)>;

/// A call whose caller has given up may still happen within this.
inline constexpr milliseconds latest_call{10'000};

/// What happened in a world, in numbers.
struct world_facts {
  std::int64_t verbs = 0;
  std::int64_t messages = 0;
  std::int64_t checks = 0;         // of all invariants, after commits
  std::int64_t late_writes = 0;    // rejected: fenced, lease_lost, term_lost, report rejected
  std::int64_t zombie_chunks = 0;  // chunks whose lease was lost when they came to commit
  std::int64_t in_doubt = 0;       // calls whose outcome the caller does not know
  std::uint64_t trace = 14695981039346656037U;  // FNV-1a of everything that happened, in order
};

/// A whole cluster in one thread and in virtual time. Each node is the real node actor with all its
/// children, on a scheduler of its own that this world steps message by message, in an order drawn
/// from the seed; every verb of the store goes through this world, which may let it fail. After
/// every commit the invariants are checked.
class world {
 public:
  struct member;

  world(std::uint64_t seed, const database_maker& make, std::vector<job> jobs, settings limits,
        odds chances, fault_book& faults);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // --- what a scenario does
  /// `jobs` empty: it knows all jobs of the world. It owns at most `tokens` schedules.
  std::size_t add_node(int executors, std::vector<job> jobs = {}, int tokens = 0);
  /// Lets time pass until then.
  void run_until(mono_time moment);
  bool run_until(const std::function<bool()>& done, milliseconds limit);
  void at(mono_time moment, std::function<void()> action);
  void crash(std::size_t node);
  void pause(std::size_t node, milliseconds lasts);
  void drain(std::size_t node);
  void release(std::size_t node);
  void outage(milliseconds lasts);
  void step_clock(milliseconds by) { clock_step_ += by; }
  /// From now on nothing fails any more.
  void heal();

  // --- what the author's code in it calls
  /// Lets this time pass. Other nodes go on meanwhile; a crash of this node throws an exception.
  void work(milliseconds time);

  // --- what can be seen
  mono_time now() const { return now_; }
  db_time database_time() const;
  std::size_t nodes() const { return members_.size(); }
  bool is_up(std::size_t node) const;
  bool has_left(std::size_t node) const;
  /// A session for tests and checks: it belongs to no node and never fails.
  const store& observer() { return *observer_; }
  /// A session of a user: it fails like any other.
  const store& user() { return *user_; }
  tables rows() const { return db_->audit_rows({}); }
  /// As if no run had been purged.
  tables rows_of_all_runs() const { return purged_.put_back(rows()); }
  const registry& jobs() const { return *jobs_; }
  const settings& limits() const { return limits_; }
  const world_facts& facts() const { return facts_; }
  std::vector<std::string> violations;
  /// Nodes that were given up although they were running at that moment, by name.
  std::vector<std::string> given_up_alive;
  /// Around each verb of a node, for tests that need a fault of their own: what one throws is
  /// thrown in place of the answer.
  using around_verb = std::function<void(std::size_t node, const verb&)>;
  around_verb before_verb = [](std::size_t, const verb&) {};
  around_verb after_verb = [](std::size_t, const verb&) {};
  /// Called when a caller has the answer that a result stands.
  std::function<void(const attempt_report&)> on_acknowledged = [](const attempt_report&) {};

 private:
  friend class faulty_session;
  class faulty_database;

  bool run_one();
  void pass(member& m, milliseconds time);
  void advance_to(mono_time moment);
  mono_time next_moment(mono_time limit) const;
  fate draw(member* m, std::string_view verb);
  /// Runs the verb and notes it; after a change, checks the invariants. Throws as the verb does.
  void happen(member* m, session& inner, verb& v);
  void acknowledge(const verb& v);
  void check();
  void note_given_up_alive(const tables& after);
  /// After a verb that only a master may call: a violation, unless its caller drives the run.
  void expect_master(const verb& v);
  void note(const member* m, std::string_view verb, int outcome);

  std::uint64_t seed_;
  dice order_;
  settings limits_;
  odds odds_;
  fault_book& faults_;
  std::shared_ptr<const registry> jobs_;

  mono_time now_{std::chrono::hours{1}};
  mono_time outage_until_{};
  milliseconds clock_step_{0};
  std::int64_t readings_ = 0;
  bool healed_ = false;
  bool ending_ = false;
  int depth_ = 0;
  int steps_without_time_ = 0;  // messages and timers since time went on
  member* current_ = nullptr;
  std::uint64_t user_calls_ = 0;
  std::multimap<mono_time, std::function<void()>> agenda_;

  std::shared_ptr<database> db_;
  tables before_;
  purged_rows purged_;
  std::vector<std::unique_ptr<member>> members_;
  std::optional<store> observer_;
  std::optional<store> user_;
  world_facts facts_;
};

}  // namespace partita::sim
