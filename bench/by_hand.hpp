#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

// Copies as a program by hand makes them, with the same chunks as a chunked job: after each chunk a
// row says how far it is. Going on there after a crash is left out.
namespace partita::bench {

/// Tables `source` and `target` of a database, as such a program uses them.
class by_hand {
 public:
  virtual ~by_hand() = default;
  /// Fills `source`.
  virtual void prepare(std::int64_t rows) = 0;
  /// Empties `target`.
  virtual void clear() = 0;
  virtual std::int64_t copied() = 0;  // rows of `target`

  /// Without chunks.
  virtual void insert_select() = 0;
  /// From `source` to `target`, page by page in the order of the key.
  virtual void table_to_table(int interval) = 0;
  /// From a file of CSV without quotes to `target`.
  virtual void csv_to_table(const std::filesystem::path& from, int interval) = 0;
  /// From such a file to one of XML, which is on disk after each chunk.
  void csv_to_xml(const std::filesystem::path& from, const std::filesystem::path& to, int interval);

 protected:
  /// Stores, in a transaction by itself, how far it is.
  virtual void note(std::int64_t position, std::int64_t items) = 0;
};

/// `url`: as --db has it.
std::unique_ptr<by_hand> open_by_hand(const std::string& url);

/// Lines of `id,name,amount,note`, behind a header.
void write_csv(const std::filesystem::path& file, std::int64_t rows);

}  // namespace partita::bench
