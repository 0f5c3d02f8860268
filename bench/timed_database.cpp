#include "bench/timed_database.hpp"

#include <utility>

#include "storage/clock.hpp"

namespace partita::bench {

namespace {

class timed_session final : public session {
 public:
  timed_session(std::shared_ptr<session> inner, std::shared_ptr<claim_times> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  void run(verb& v) override {
    const auto begun = boot_now();
    inner_->run(v);
    if (v.name == "claim" && !v.found_nothing)
      to_->add(std::chrono::duration<double, std::milli>(boot_now() - begun).count());
  }

 private:
  std::shared_ptr<session> inner_;
  std::shared_ptr<claim_times> to_;
};

class timed_database final : public database {
 public:
  timed_database(std::shared_ptr<database> inner, std::shared_ptr<claim_times> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  std::shared_ptr<session> connect(const session_options& options) override {
    return std::make_shared<timed_session>(inner_->connect(options), to_);
  }
  std::unique_ptr<wake_up> listen(const std::string& application) override {
    return inner_->listen(application);
  }
  schema_status schema() override { return inner_->schema(); }
  int migrate() override { return inner_->migrate(); }
  void begin_anew() override { inner_->begin_anew(); }
  tables audit_rows(std::optional<run_id> run) override { return inner_->audit_rows(run); }
  std::vector<diagnosis> examine() override { return inner_->examine(); }
  std::string address() const override { return inner_->address(); }
  bool shared_over_network() const override { return inner_->shared_over_network(); }

 private:
  std::shared_ptr<database> inner_;
  std::shared_ptr<claim_times> to_;
};

}  // namespace

void claim_times::add(double ms) {
  std::lock_guard lock{mutex_};
  ms_.push_back(ms);
}

std::vector<double> claim_times::take() {
  std::lock_guard lock{mutex_};
  return std::exchange(ms_, {});
}

std::shared_ptr<database> timed(std::shared_ptr<database> inner, std::shared_ptr<claim_times> to) {
  return std::make_shared<timed_database>(std::move(inner), std::move(to));
}

}  // namespace partita::bench
