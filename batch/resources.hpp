#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "batch/parameters.hpp"
#include "batch/sql.hpp"
#include "protocol/ids.hpp"

namespace partita {

/// What a resource is made from: the parameters of the run, and the database.
class resource_context {
 public:
  resource_context(run_id first_run, parameters given, std::shared_ptr<sql_queries> queries)
      : first_run_(first_run), given_(std::move(given)), queries_(std::move(queries)) {}

  /// As partition_context::first_run.
  run_id first_run() const { return first_run_; }
  const parameters& all_parameters() const { return given_; }
  template <class T>
  T get(const std::string& parameter) const {
    return given_.get<T>(parameter);
  }
  template <class T>
  std::optional<T> find(const std::string& parameter) const {
    return given_.find<T>(parameter);
  }

  /// Rows of one statement that changes nothing: sql_queries (batch/sql.hpp).
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> all{to_sql_value(values)...};
    return fetch(statement, all);
  }
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values);

 private:
  run_id first_run_;
  parameters given_;
  std::shared_ptr<sql_queries> queries_;
};

using resource_ptr = std::shared_ptr<const void>;
using resource_maker = std::function<resource_ptr(resource_context&)>;

/// The resources of runs, each made once and shared by all threads of a process as long as one of
/// them holds it.
class resource_cache {
 public:
  /// Makes it where nobody holds it; others that want it wait meanwhile. Throws what `make` throws;
  /// the next call makes it anew.
  resource_ptr get(run_id run, std::type_index type, const std::function<resource_ptr()>& make);

 private:
  struct entry {
    std::mutex mutex;
    std::weak_ptr<const void> made;
  };
  using key = std::pair<run_id, std::type_index>;

  std::mutex mutex_;
  std::map<key, std::shared_ptr<entry>> entries_;
};

}  // namespace partita
