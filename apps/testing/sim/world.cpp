#include "apps/testing/sim/world.hpp"

#include <algorithm>

#include "actors/node_process.hpp"
#include "apps/testing/sim/faulty_session.hpp"
#include "apps/testing/sim/member.hpp"
#include "storage/audit/violations.hpp"
#include "storage/transaction.hpp"

namespace partita::sim {

namespace {

constexpr int deepest = 12;  // of calls that wait inside of calls that wait
constexpr std::int64_t epoch_us = 1'700'000'000'000'000;  // in November 2023

}  // namespace

std::string to_string(fate f) {
  const char* names[fates] = {"none", "refused",     "lost_answer", "late",
                              "slow", "dies_before", "dies_after"};
  return names[static_cast<int>(f)];
}

/// The database as the nodes of the world see it: its calls may fail.
class world::faulty_database final : public database {
 public:
  faulty_database(world& w, member* m) : world_(w), member_(m) {}
  std::shared_ptr<session> connect(const session_options& options) override {
    return std::make_shared<faulty_session>(world_, member_, options);
  }
  schema_status schema() override { return world_.db_->schema(); }
  int migrate() override { return 0; }
  tables audit_rows(std::optional<run_id> run) override { return world_.db_->audit_rows(run); }
  std::vector<diagnosis> examine() override { return {}; }
  std::string address() const override { return "simulated"; }
  bool shared_over_network() const override { return false; }

  void belongs_to(member* m) { member_ = m; }

 private:
  world& world_;
  member* member_;
};

world::world(std::uint64_t seed, const database_maker& make, std::vector<job> jobs, settings limits,
             odds chances, fault_book& faults)
    : seed_(seed),
      order_(mix(seed, 1)),
      limits_(limits),
      odds_(chances),
      faults_(faults),
      jobs_(std::make_shared<const registry>(std::move(jobs))) {
  // One microsecond at every reading: what happens later also has a later time.
  db_ = make([this] {
    ++readings_;
    return database_time();
  });
  observer_.emplace(db_->connect({}));
  user_.emplace(std::make_shared<faulty_session>(*this, nullptr, session_options{}));
  before_ = rows();
}

world::~world() {
  ending_ = true;
  for (auto& m : members_) m->dead = true;
}

db_time world::database_time() const {
  const auto us = std::chrono::duration_cast<microseconds>(now_.time_since_epoch() + clock_step_);
  return db_time{microseconds{epoch_us + us.count() + readings_}};
}

// --- nodes ---------------------------------------------------------------------------------------

std::size_t world::add_node(int executors, std::vector<job> jobs, int tokens) {
  auto index = members_.size();
  auto db = std::make_shared<faulty_database>(*this, nullptr);
  auto deps = std::make_shared<node_deps>();
  deps->db = db;
  deps->jobs = jobs.empty() ? jobs_ : std::make_shared<const registry>(std::move(jobs));
  deps->limits = limits_;
  deps->info.name = "node-" + std::to_string(index);
  deps->info.host = "simulated";
  deps->info.slots = executors;
  deps->info.tokens = tokens;
  deps->info.unreachable_after = limits_.unreachable_after;
  deps->info.deregister_after = limits_.deregister_after;
  tell_of_jobs(deps->info, *deps->jobs);
  deps->now = [this] { return now_; };
  deps->rest = [this](milliseconds time) { work(time); };
  deps->reads_ahead = false;
  deps->seed = static_cast<unsigned>(mix(seed_, 2, index));
  members_.push_back(std::make_unique<member>(index, deps, now_));
  db->belongs_to(members_.back().get());
  members_.back()->start(observer_->register_node(deps->info));
  return index;
}

bool world::is_up(std::size_t node) const { return !members_.at(node)->gone(); }
bool world::has_left(std::size_t node) const { return members_.at(node)->left; }

void world::crash(std::size_t node) { members_.at(node)->dead = true; }

void world::pause(std::size_t node, milliseconds lasts) {
  members_.at(node)->paused_until = now_ + lasts;
}

void world::drain(std::size_t node) { caf::anon_send(members_.at(node)->root, drain_atom::value); }

void world::release(std::size_t node) {
  caf::anon_send(members_.at(node)->root, release_atom::value);
}

void world::outage(milliseconds lasts) { outage_until_ = now_ + lasts; }

void world::heal() {
  healed_ = true;
  outage_until_ = now_;
  for (auto& m : members_) {
    m->paused_until = std::min(m->paused_until, now_);
    m->stalled.clear();
  }
}

// --- time ----------------------------------------------------------------------------------------

void world::at(mono_time moment, std::function<void()> action) {
  agenda_.emplace(moment, std::move(action));
}

/// One message of one actor, of those that could be next.
bool world::run_one() {
  struct choice {
    member* m;
    std::size_t job;
  };
  static thread_local std::vector<choice> choices;
  choices.clear();
  for (auto& m : members_) {
    if (!m->awake(now_)) continue;
    const auto& jobs = m->scheduler().jobs;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (m->waits_for_turn(jobs[i])) continue;
      auto stall = m->stalled.find(jobs[i]);
      if (stall == m->stalled.end() || stall->second <= now_) choices.push_back({m.get(), i});
    }
  }
  if (choices.empty()) return false;
  auto [m, job] = choices[order_.next() % choices.size()];
  auto& jobs = m->scheduler().jobs;
  auto* actor = jobs[job];
  ++m->messages;
  if (!healed_ && !m->stalled.contains(actor) && odds_.stall > 0) {
    dice d{mix(seed_, 3, m->index, m->messages)};
    if (d.hits(odds_.stall) &&
        faults_.happens("stall@n" + std::to_string(m->index) + "#" + std::to_string(m->messages),
                        "stall")) {
      m->stalled[actor] = now_ + milliseconds{d.skewed(1, 3000)};
      return true;
    }
  }
  m->stalled.erase(actor);
  std::rotate(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(job),
              jobs.begin() + static_cast<std::ptrdiff_t>(job) + 1);
  ++facts_.messages;
  auto* outer = std::exchange(current_, m);
  m->scheduler().run_once();
  current_ = outer;
  return true;
}

mono_time world::next_moment(mono_time limit) const {
  auto next = limit;
  if (!agenda_.empty()) next = std::min(next, std::max(now_, agenda_.begin()->first));
  for (const auto& m : members_) {
    if (m->gone()) continue;
    if (m->paused_until > now_) {
      next = std::min(next, m->paused_until);
      continue;
    }
    auto& clock = m->scheduler().clock();
    if (!clock.schedule().empty()) {
      auto due = m->at + std::chrono::duration_cast<std::chrono::nanoseconds>(
                             clock.schedule().begin()->first - clock.current_time);
      next = std::min(next, std::max(now_, due));
    }
    for (const auto& [actor, until] : m->stalled)
      if (until > now_) next = std::min(next, until);
  }
  return next;
}

void world::advance_to(mono_time moment) {
  now_ = std::max(now_, moment);
  while (!agenda_.empty() && agenda_.begin()->first <= now_) {
    auto action = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    action();
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& m = *members_[i];
    if (!m.awake(now_)) continue;
    auto passed = now_ - std::exchange(m.at, now_);
    m.scheduler().advance_time(passed);
  }
}

/// Stops at the first violation: a loop that follows from it might never end. A message may take
/// time, so there may always be another one: what comes after the moment is left.
void world::run_until(mono_time moment) {
  while (violations.empty()) {
    while (violations.empty() && now_ <= moment && run_one())
      if (++steps_without_time_ > 100'000) throw std::logic_error("a loop of messages never rests");
    if (now_ >= moment) return;
    auto next = next_moment(moment);
    if (next > now_)
      steps_without_time_ = 0;
    else if (++steps_without_time_ > 100'000)
      throw std::logic_error("a timer never rests");
    advance_to(next);
  }
}

bool world::run_until(const std::function<bool()>& done, milliseconds limit) {
  const auto end = now_ + limit;
  while (!done()) {
    if (now_ >= end || !violations.empty()) return done();
    run_until(std::min(end, now_ + milliseconds{50}));
  }
  return true;
}

void world::pass(member& m, milliseconds time) {
  if (depth_ >= deepest || ending_) return;
  ++depth_;
  auto* self = std::exchange(current_, nullptr);
  run_until(now_ + time);
  while (violations.empty() && !m.gone() && m.paused_until > now_) run_until(m.paused_until);
  current_ = self;
  --depth_;
}

void world::work(milliseconds time) {
  auto& m = *current_;
  if (ending_ || m.gone()) throw std::runtime_error("the process is gone");
  if (time.count() > 0) pass(m, time);
  if (m.gone()) throw std::runtime_error("the process is gone");
}

// --- the database --------------------------------------------------------------------------------

fate world::draw(member* m, std::string_view verb) {
  if (now_ < outage_until_) throw store_error(errc::unavailable, "simulated: the database is away");
  if (healed_) return fate::none;
  if (m && now_ < m->cut_off_until) throw store_error(errc::unavailable, "simulated: cut off");
  auto who = m ? "n" + std::to_string(m->index) : std::string{"user"};
  auto number = m ? ++m->calls : ++user_calls_;
  dice d{mix(seed_, 4, m ? m->index + 1 : 0, number)};
  auto pick = static_cast<int>(d.next() % 10'000);
  for (int f = 1; f < fates; ++f) {
    pick -= odds_.of[f];
    if (pick >= 0) continue;
    auto drawn = static_cast<fate>(f);
    if (!m && (drawn == fate::dies_before || drawn == fate::dies_after || drawn == fate::slow))
      return fate::none;
    auto name =
        to_string(drawn) + "@" + who + "#" + std::to_string(number) + ":" + std::string{verb};
    if (!faults_.happens(name, to_string(drawn))) return fate::none;
    // An answer is often lost because the link is, and then it is gone for a while. What became of
    // a report matters most.
    if (m && drawn == fate::lost_answer && d.hits(verb == "report" ? 9000 : 3000))
      m->cut_off_until = now_ + milliseconds{d.between(10, 3 * limits_.deregister_after.count())};
    return drawn;
  }
  return fate::none;
}

void world::note_given_up_alive(const tables& after) {
  for (const auto& n : after.nodes) {
    if (n.state != node_state::condemned) continue;
    for (const auto& then : before_.nodes)
      if (then.id == n.id && then.state != n.state)
        for (const auto& m : members_)
          if (m->deps->info.name == n.info.name && m->awake(now_))
            given_up_alive.push_back(n.info.name);
  }
}

void world::check() {
  if (!violations.empty()) return;  // later violations may be consequences of the first
  ++facts_.checks;
  auto after = rows();
  for (auto& v : audit::violations(after)) violations.push_back(v);
  for (auto& v : audit::violations_between(before_, after)) violations.push_back(v);
  note_given_up_alive(after);
  purged_.keep(before_, after);
  before_ = std::move(after);
}

void world::happen(member* m, session& inner, verb& v) {
  const auto changes = v.mode == access::write || v.mode == access::single;
  try {
    inner.run(v);
  } catch (const store_error& e) {
    const auto code = e.code();
    if (code == errc::fenced || code == errc::lease_lost || code == errc::term_lost)
      ++facts_.late_writes;
    if (code == errc::lease_lost && v.name == "commit_chunk") ++facts_.zombie_chunks;
    note(m, v.name, 1 + static_cast<int>(code));
    if (changes) check();
    throw;
  }
  note(m, v.name, 0);
  if (changes) check();
  if (v.fence && v.name != "step_down") expect_master(v);  // which lets go of it
}

void world::expect_master(const verb& v) {
  auto run = v.fence->run;
  for (const auto& s : before_.steps)
    if (s.row.id == v.fence->step) run = s.row.run;
  for (const auto& r : before_.runs)
    if (r.id == run && !is_terminal(r.state) &&
        (r.master != v.fence->master || r.term != v.fence->term))
      violations.push_back(std::string{v.name} + " of run " + std::to_string(run.value) +
                           " by a node that does not drive it");
}

/// Called just before the caller gets the answer.
void world::acknowledge(const verb& v) {
  const auto* report = dynamic_cast<const hot_call<&transaction::report>*>(&v);
  if (report == nullptr) return;
  const auto items = std::get<1>(report->arguments());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (report->answer()[i] == report_verdict::recorded)
      on_acknowledged(items[i]);
    else
      ++facts_.late_writes;
  }
}

void world::note(const member* m, std::string_view verb, int outcome) {
  ++facts_.verbs;
  auto add = [this](std::uint64_t part) { facts_.trace = (facts_.trace ^ part) * 1099511628211U; };
  add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  add(m ? m->index + 1 : 0);
  for (const unsigned char c : verb) add(c);
  add(static_cast<std::uint64_t>(outcome));
}

}  // namespace partita::sim
