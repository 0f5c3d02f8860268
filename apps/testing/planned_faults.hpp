#pragma once

#include <memory>
#include <vector>

#include "apps/testing/author_database.hpp"
#include "apps/testing/cluster.hpp"
#include "apps/testing/sim/world.hpp"

namespace partita::test {

/// The faults that a test asked for, and when they happen.
class planned_faults {
 public:
  enum class kind { kill, freeze, drain, database_away };
  struct fault {
    kind what;
    int node;  // whoever: of any node
    milliseconds lasts{0};
    moment when{};
    int seen = 0;  // commits
    bool happened = false;
  };

  planned_faults(sim::world& w, author_database& side, std::uint64_t seed)
      : world_(w), side_(side), pace_(sim::mix(seed, 30)) {}

  /// REQUIRES: what it says makes sense.
  void add(fault f);
  int to_come() const;

  /// Around each verb of a node.
  void before(std::size_t node, const verb& v);
  void after(std::size_t node, const verb& v);

 private:
  std::vector<fault*> due(std::size_t node, moment::kind when);
  void happen_all(const std::vector<fault*>& now, std::size_t node);
  void happen(fault& f, std::size_t node);
  /// Others go on meanwhile. Throws store_error when the node is gone.
  void pass(milliseconds time);

  sim::world& world_;
  author_database& side_;
  sim::dice pace_;
  std::vector<std::unique_ptr<fault>> all_;
};

}  // namespace partita::test
