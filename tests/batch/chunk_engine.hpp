#pragma once

#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/chunk.hpp"
#include "protocol/errors.hpp"

namespace partita::test {

/// Numbers 0 to count-1. Those that are malformed are refused as they are read.
class numbers {
 public:
  explicit numbers(int count, std::set<int> malformed = {})
      : count_(count), malformed_(std::move(malformed)) {}

  std::optional<int> next() {
    if (at_ == count_) return std::nullopt;
    const int n = at_++;
    if (malformed_.contains(n)) throw data_error("no number");
    return n;
  }
  json position() const { return at_; }
  void seek(const json& position) { at_ = position.get<int>(); }
  std::string where() const { return "line " + std::to_string(at_); }

 private:
  int count_;
  std::set<int> malformed_;
  int at_ = 0;
};

/// A database with one table of numbers, which refuses some of them.
class table final : public sql_transaction {
 public:
  std::set<std::int64_t> refused;
  std::vector<std::int64_t> rows;

  std::string_view dialect() const override { return "test"; }
  std::int64_t change(std::string_view, std::span<const sql_value> values) override {
    const auto n = std::get<std::int64_t>(values[0]);
    if (refused.contains(n)) throw constraint_error("refused");
    rows.push_back(n);
    return 1;
  }
  std::vector<sql_row> fetch(std::string_view, std::span<const sql_value>) override { return {}; }
  void insert(std::string_view, std::span<const std::string>, std::span<const sql_row>) override {}
  void upsert(std::string_view, std::span<const std::string>, std::span<const std::string>,
              std::span<const sql_row>) override {}
  void attempt(const std::function<void()>& work) override {
    const auto before = rows;
    try {
      work();
    } catch (...) {
      rows = before;
      throw;
    }
  }
};

/// A database without rows.
class no_rows final : public sql_queries {
 public:
  std::vector<sql_row> query(std::string_view, std::span<const sql_value>) override { return {}; }
  void open_cursor(int, std::string_view, std::span<const sql_value>) override {}
  std::vector<sql_row> read_cursor(int, std::int64_t, int) override { return {}; }
};

/// An engine that stores chunks of one partition, as the real ones do.
struct engine {
  table db;
  std::vector<chunk> stored;
  std::int64_t leases = 0;
  int losses = 0;  // so many commits are lost races: the author's work is done again
  std::stop_source stop;

  partition_setup attempt() {
    partition_setup setup;
    setup.run = run_id{1};
    setup.lease = lease_id{++leases};
    if (!stored.empty()) setup.resume = stored.back().to;
    setup.stop = stop.get_token();
    setup.queries = std::make_shared<no_rows>();
    setup.commit_chunk = [this](const chunk& c, const author_work& write) {
      const auto before = db.rows;
      try {
        auto changed = c;
        if (write) write(db, changed);
        if (losses > 0) {
          --losses;
          db.rows = before;
          changed = c;
          if (write) write(db, changed);
        }
        CHECK(c.from == (stored.empty() ? 0 : stored.back().to.counts.read));
        CHECK(c.to.seq == static_cast<std::int64_t>(stored.size()) + 1);
        stored.push_back(changed);
        return changed;
      } catch (...) {
        db.rows = before;
        throw;
      }
    };
    return setup;
  }

  item_counts run(const chunked_body& body) {
    partition_context p{attempt()};
    body.run(p);
    return p.counts();
  }

  std::vector<skipped_item> skipped() const {
    std::vector<skipped_item> all;
    for (const auto& c : stored) all.insert(all.end(), c.skipped.begin(), c.skipped.end());
    return all;
  }
};

}  // namespace partita::test
