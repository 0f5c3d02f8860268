#pragma once

#include <functional>
#include <future>
#include <random>
#include <string>
#include <utility>

#include "actors/session.hpp"

namespace partita {

/// What one attempt at a partition reads in the database. The sessions are asked for when they are
/// needed.
class attempt_queries final : public sql_queries {
 public:
  using opener = std::function<worker_session&()>;

  /// `ahead` is for another thread; null: nothing runs beside the attempt.
  attempt_queries(lease_id lease, partition_no no, opener author, opener ahead)
      : lease_(lease), no_(no), author_(std::move(author)), ahead_(std::move(ahead)) {}

  /// What cursors keep goes with the session.
  ~attempt_queries() override {
    if (cursors_) author_().close();
  }

  std::vector<sql_row> query(std::string_view statement,
                             std::span<const sql_value> values) override {
    return author_().verbs()->query(lease_, no_, std::string{statement}, values);
  }

  std::future<std::vector<sql_row>> query_ahead(std::string statement, sql_row values) override {
    if (!ahead_) return sql_queries::query_ahead(std::move(statement), std::move(values));
    return std::async(std::launch::async,
                      [lease = lease_, no = no_, &session = ahead_(),
                       statement = std::move(statement), values = std::move(values)] {
                        return session.verbs()->query(lease, no, statement, values);
                      });
  }

  void open_cursor(int cursor, std::string_view statement,
                   std::span<const sql_value> values) override {
    cursors_ = true;
    author_().verbs()->open_cursor(lease_, no_, base_ + cursor, std::string{statement}, values);
  }

  std::vector<sql_row> read_cursor(int cursor, std::int64_t after, int most) override {
    return author_().verbs()->read_cursor(lease_, no_, base_ + cursor, after, most);
  }

 private:
  const lease_id lease_;
  const partition_no no_;
  const opener author_;
  const opener ahead_;
  // Behind a pooler, sessions of the server may be shared: no other attempt has these cursors.
  const std::int64_t base_ = static_cast<std::int64_t>(std::random_device{}()) << 20;
  bool cursors_ = false;
};

}  // namespace partita
