#pragma once

#include <functional>
#include <string>
#include <vector>

#include "batch/batch.hpp"
#include "batch/readers/generator.hpp"
#include "batch/writers/sql.hpp"

namespace partita::test {

// A job that copies numbers into a table, and what its author may get wrong. The table has no key,
// so that a number too many would be seen.

inline constexpr int copied_items = 20;  // of each partition
inline constexpr const char* copied_table = "CREATE TABLE copied (no INTEGER, item INTEGER)";

inline std::vector<partition> two_parts(split_context&) { return {{"first", 0}, {"second", 1}}; }

inline generator<int> numbers_to_copy(partition_context&) {
  return generator<int>{[](std::int64_t i) {
    return i < copied_items ? std::optional{static_cast<int>(i)} : std::nullopt;
  }};
}

inline job copying(chunked<int> body) {
  return job{"copying"}.step(
      partitioned{"copy"}.split(two_parts).retry(attempts{5}).each(std::move(body)));
}

/// As it should be: rows with their chunk.
inline job good_copying() {
  return copying(chunked<int>{6}.read(numbers_to_copy).write([](partition_context& p) {
    return sql::insert<int>{"copied", {"no", "item"}, [no = p.no()](int item) {
                              return sql_row{no, std::int64_t{item}};
                            }};
  }));
}

/// Writes beside the chunk's transaction, as with a connection of its own.
inline job copying_outside(std::function<void(partition_no, int)> put) {
  return copying(
      chunked<int>{6}.read(numbers_to_copy).write([put = std::move(put)](partition_context& p) {
        return [put, no = p.no()](std::span<const int> items) {
          for (const int item : items) put(no, item);
        };
      }));
}

/// Rows in one transaction, the position in the next.
inline job copying_apart() {
  return job{"copying"}.step(
      partitioned{"copy"}.split(two_parts).retry(attempts{5}).each([](partition_context& p) {
        const auto insert = [&](int item) {
          return [&p, item](sql_transaction& tx) {
            tx.execute("INSERT INTO copied VALUES ($1, $2)", p.no(), item);
          };
        };
        for (int i = p.resume_position().value_or(0).get<int>(); i < copied_items; ++i) {
          p.transaction(i, insert(i));  // the position of before
          p.checkpoint(i + 1);
        }
      }));
}

}  // namespace partita::test
