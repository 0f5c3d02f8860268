#include "apps/testing/sim/faulty_session.hpp"

#include "apps/testing/sim/member.hpp"
#include "apps/testing/sim/recorded_author.hpp"

namespace partita::sim {

namespace {

[[noreturn]] void fail(const std::string& why) { throw store_error(errc::unavailable, why); }

/// A call whose caller has gone.
class late_verb final : public verb {
 public:
  explicit late_verb(const verb& v) : verb(v.name, v.mode), work_(v.detached()) { fence = v.fence; }
  void work(transaction& tx) override { work_(tx); }
  std::function<void(transaction&)> detached() const override { return work_; }

 private:
  std::function<void(transaction&)> work_;
};

}  // namespace

faulty_session::faulty_session(world& w, world::member* m, const session_options& options)
    : world_(w),
      member_(m),
      timeout_(options.statement_timeout),
      may_wait_(m != nullptr && !options.application.ends_with(" master")),
      of_claims_(options.application.ends_with(" claimer")),
      inner_(w.db_->connect(options)) {}

/// Other actors may run meanwhile, but for one that would wait for its turn on this session.
void faulty_session::meanwhile(const std::function<void()>& call) {
  if (!of_claims_) return call();
  struct turn {
    bool& taken;
    explicit turn(bool& flag) : taken(flag) { taken = true; }
    ~turn() { taken = false; }
  };
  const turn mine{member_->claims_session_taken};
  call();
}

void faulty_session::wait(milliseconds time) {
  meanwhile([&] { world_.pass(*member_, time); });
}

void faulty_session::run(verb& v) {
  if (member_ && member_->gone()) fail("the process is gone");
  const auto fate = world_.draw(member_, v.name);
  auto& m = member_;
  switch (fate) {
    case fate::refused:
      if (may_wait_ && world_.order_.hits(3000)) wait(timeout_);
      fail("simulated: refused");
    case fate::dies_before:
      if (m) m->dead = true;
      fail("simulated: the process died");
    case fate::slow:
      if (may_wait_) wait(milliseconds{world_.order_.skewed(1, timeout_.count())});
      if (m && m->gone()) fail("the process is gone");
      break;
    case fate::late: {
      auto late = with_recorded_author(v, *inner_);
      if (!late) late = std::make_shared<late_verb>(v);
      auto later = [&w = world_, m, inner = inner_, late] {
        try {
          w.happen(m, *inner, *late);
        } catch (const store_error&) {  // nobody waits for the answer any more
        }
      };
      ++world_.facts_.in_doubt;
      world_.at(world_.now() + milliseconds{world_.order_.skewed(1, latest_call.count())}, later);
      fail("simulated: no answer, and it happens later");
    }
    default:
      break;
  }
  if (m) meanwhile([&] { world_.before_verb(m->index, v); });
  world_.happen(m, *inner_, v);
  if (m) meanwhile([&] { world_.after_verb(m->index, v); });
  if (fate == fate::dies_after && m) m->dead = true;
  if (fate != fate::dies_after && fate != fate::lost_answer) return world_.acknowledge(v);
  ++world_.facts_.in_doubt;
  fail("simulated: no answer");
}

}  // namespace partita::sim
