#pragma once

#include <memory>
#include <string>

#include "storage/store.hpp"

namespace partita {

/// What an attempt reads by a session that is open.
class session_queries final : public sql_queries {
 public:
  session_queries(const std::shared_ptr<session>& with, lease_id lease, partition_no no)
      : store_(with), lease_(lease), no_(no) {}

  std::vector<sql_row> query(std::string_view statement,
                             std::span<const sql_value> values) override {
    return store_.query(lease_, no_, std::string{statement}, values);
  }
  void open_cursor(int cursor, std::string_view statement,
                   std::span<const sql_value> values) override {
    store_.open_cursor(lease_, no_, cursor, std::string{statement}, values);
  }
  std::vector<sql_row> read_cursor(int cursor, std::int64_t after, int most) override {
    return store_.read_cursor(lease_, no_, cursor, after, most);
  }

 private:
  const worker_store store_;
  const lease_id lease_;
  const partition_no no_;
};

}  // namespace partita
