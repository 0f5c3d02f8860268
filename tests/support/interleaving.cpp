#include "tests/support/interleaving.hpp"

#include <atomic>
#include <cstdlib>
#include <pqxx/pqxx>
#include <thread>

namespace partita::test {

/// One connection that holds locks, and one that looks.
struct interleaving::holder {
  pqxx::connection locks{std::getenv("PARTITA_TEST_PG")};
  pqxx::connection eye{std::getenv("PARTITA_TEST_PG")};
  std::unique_ptr<pqxx::work> work;

  bool waits(const std::string& application) {
    pqxx::nontransaction look{eye};
    return !look.exec_params(
                    "SELECT FROM pg_stat_activity WHERE application_name = $1 AND "
                    "wait_event_type = 'Lock'",
                    application)
                .empty();
  }
};

struct interleaving::played_verb {
  std::atomic<bool> ended{false};
  std::optional<errc> thrown;
  std::thread thread;
};

interleaving::interleaving(backend& on) : on_(on), holder_(std::make_unique<holder>()) {}

interleaving::~interleaving() {
  let_go();
  for (auto& [name, played] : verbs_)
    if (played->thread.joinable()) played->thread.join();
}

void interleaving::hold(const std::string& sql) {
  if (!holder_->work) holder_->work = std::make_unique<pqxx::work>(holder_->locks);
  holder_->work->exec(sql);
}

void interleaving::let_go() {
  if (holder_->work) holder_->work->abort();
  holder_->work.reset();
}

bool interleaving::begin(const std::string& name, const std::function<void(store&)>& verb) {
  const auto application = "interleaving " + name;
  auto& played = *(verbs_[name] = std::make_unique<played_verb>());
  session_options options;
  options.application = application;
  played.thread = std::thread([&played, verb, session = on_.db().connect(options)] {
    try {
      store db{session};
      verb(db);
    } catch (const store_error& e) {
      played.thrown = e.code();
    }
    played.ended = true;
  });
  while (!played.ended)
    if (holder_->waits(application)) return true;
  return false;
}

std::optional<errc> interleaving::end_of(const std::string& name) {
  auto& played = *verbs_.at(name);
  if (played.thread.joinable()) played.thread.join();
  return played.thrown;
}

}  // namespace partita::test
