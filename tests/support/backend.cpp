#include "tests/support/backend.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "storage/memory/memory_database.hpp"
#include "tests/support/ticking_clock.hpp"

namespace partita::test {

namespace {

constexpr auto postgres_variable = "PARTITA_TEST_PG";
constexpr auto only_variable = "PARTITA_TEST_ONLY";

class memory_backend final : public backend {
 public:
  std::string name() const override { return "memory"; }
  database& db() override { return *db_; }
  void pass(milliseconds time) override { clock_.advance(time); }
  void tamper(const std::string&) override { throw std::logic_error("memory holds no SQL"); }

 private:
  ticking_clock clock_;
  std::shared_ptr<memory_database> db_ = make_memory_database(clock_.reader());
};

/// Why this kind does not run, or nothing.
std::string obstacle(const std::string& name) {
  const auto* only = std::getenv(only_variable);
  if (only != nullptr && std::string{only}.find(name) == std::string::npos)
    return std::string{only_variable} + " leaves it out";
  if (name == "postgres" && std::getenv(postgres_variable) == nullptr)
    return std::string{postgres_variable} + " is not set";
  return {};
}

}  // namespace

const std::vector<std::string>& backend_names() {
  static const auto names = [] {
    std::vector<std::string> runnable{"memory", "sqlite", "postgres"};
    std::erase_if(runnable, [](const std::string& name) {
      auto why = obstacle(name);
      if (!why.empty()) std::cout << name << ": NOT RUN, " << why << std::endl;
      return !why.empty();
    });
    return runnable;
  }();
  return names;
}

std::unique_ptr<backend> make_memory_backend() { return std::make_unique<memory_backend>(); }

std::unique_ptr<backend> make_backend(const std::string& name) {
  if (name == "memory") return make_memory_backend();
  if (name == "sqlite") return make_sqlite_backend();
  return make_postgres_backend(std::getenv(postgres_variable));
}

}  // namespace partita::test
