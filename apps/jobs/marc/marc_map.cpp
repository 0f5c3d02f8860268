#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/jobs/marc/chunk_files.hpp"
#include "apps/jobs/marc/claimed_folder.hpp"
#include "apps/jobs/marc/mapper.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/jobs/marc/record_file.hpp"
#include "apps/jobs/marc/shipped_rules.hpp"
#include "apps/jobs/marc/sql_name.hpp"
#include "apps/jobs/marc/text_file.hpp"
#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
#include "batch/files.hpp"
#include "batch/readers/input_file.hpp"
#include "batch/readers/sql.hpp"
#include "batch/utf8.hpp"
#include "batch/writers/compose.hpp"
#include "batch/writers/item_file.hpp"
#include "batch/writers/output_folder.hpp"

namespace partita {

namespace marc {

namespace {

namespace fs = std::filesystem;

constexpr int commit_interval = 5'000;  // records: a chunk of the usual size at once

/// The lines that a record leaves in the files of its chunk, with their ends. Of a good one that is
/// the entity; of a bad one the other two.
struct mapped_lines {
  std::string entity;
  std::string bad_record;
  std::string error;
};

// --- rules

entity_type type_of(const parameters& given) {
  return given.get<std::string>("entity") == "authority" ? entity_type::authority
                                                         : entity_type::instance;
}

template <class F>
auto naming(const fs::path& path, F&& read) {
  try {
    return read();
  } catch (const definition_error& e) {
    throw permanent_error(path.string() + ": " + e.what());
  }
}

reference reference_of(const parameters& given) {
  const auto path = given.find<fs::path>("reference");
  if (!path) return {};
  return naming(
      *path, [&] { return reference{parse_shallow(text_of_file(*path), "the reference data")}; });
}

mapping_rules rules_of(const parameters& given) {
  const auto types = reference_of(given);
  const auto path = given.find<fs::path>("rules");
  if (!path) return parse_rules(shipped_rules(type_of(given)), type_of(given), types);
  return naming(*path, [&] { return parse_rules(text_of_file(*path), type_of(given), types); });
}

// --- source

/// A record that is to be mapped.
struct source_record {
  format how = format::json;
  std::string bytes;
  std::string id;                       // empty: its control number
  std::optional<std::int64_t> version;  // of what becomes of it; none: it has none
  std::string flaw;                     // why it cannot be read; empty: it can
};

/// Either of the two sources is named.
bool is_table(const parameters& given) {
  const bool file = given.values().value("input", json()).is_string();
  const bool table = given.find<std::string>("table").has_value();
  if (file == table)
    throw permanent_error(file ? "input and table are both given: records come from one of them"
                               : "neither input nor table is given: records come from one of them");
  return table;
}

[[noreturn]] void refuse_changed(const fs::path& path, run_id reader) {
  throw permanent_error(path.string() + " changed since run " + std::to_string(reader.value) +
                        " read it: map a file of the mended records as a run of its own");
}

/// After a takeover it goes on behind the last chunk, in the same file.
void stream_file(split_context& s, std::int64_t records, const take_partition& yield) {
  const auto path = s.get<fs::path>("input");
  std::optional<file_part> last;
  if (const auto stored = s.last_stored()) last = stored->get<file_part>();
  for (const auto& part : cut(path, records)) {
    if (last && (last->file_size != part.file_size || last->file_mtime_ns != part.file_mtime_ns))
      refuse_changed(path, s.first_run());
    if (last && part.range.begin < last->range.end) continue;
    yield(
        {"bytes " + std::to_string(part.range.begin) + "-" + std::to_string(part.range.end), part});
  }
}

std::string text_of(const sql_value& id) {
  if (const auto* text = std::get_if<std::string>(&id)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&id)) return std::to_string(*number);
  throw permanent_error("an id of the table is neither text nor an integer");
}

/// Goes through the ids of the table, a page at a time. After a takeover it goes on behind the last
/// chunk: rows may have come and gone meanwhile.
void stream_table(split_context& s, std::int64_t records, const take_partition& yield) {
  constexpr std::int64_t page = 500;
  const auto& given = s.all_parameters();
  const auto id = sql_name(given, "id_column");
  const auto select = "SELECT " + id + " FROM " + sql_name(given, "table");
  const auto order = " ORDER BY " + id + " LIMIT " + std::to_string(page);
  sql_row last;
  if (const auto stored = s.last_stored()) last = stored->get<sql::key_range>().upto;
  sql::key_range chunk{last, {}};
  std::int64_t count = 0;
  const auto end_chunk = [&] {
    const auto first = chunk.after.empty() ? "the first" : "behind " + text_of(chunk.after.front());
    yield({first + " to " + text_of(last.front()), chunk});
    chunk.after = last;
    count = 0;
  };
  for (;;) {
    const auto rows = last.empty()
                          ? s.query(select + order)
                          : s.query(select + " WHERE " + id + " > $1" + order, last.front());
    for (const auto& row : rows) {
      chunk.upto = last = row;
      if (++count == records) end_chunk();
    }
    if (std::cmp_less(rows.size(), page)) break;
  }
  if (count > 0) end_chunk();
}

std::int64_t chunk_size(const parameters& given) {
  return in_range("chunk_size", given.get<std::int64_t>("chunk_size"), 1, largest_chunk);
}

/// Parameters that name it and its columns.
std::vector<std::string> names_of_table(const parameters& given) {
  std::vector<std::string> names{"table", "id_column", "marc_column"};
  if (given.find<std::string>("version_column")) names.emplace_back("version_column");
  return names;
}

/// Files may be on another host than this, and where this process may not look. Also where none is
/// given.
bool is_readable(const parameters& given, const std::string& name) {
  try {
    const auto file = given.find<fs::path>(name);
    return !file || ::access(file->c_str(), R_OK) == 0;
  } catch (const outside_error&) {
    return false;
  }
}

void check(const parameters& given) {
  if (is_table(given))
    for (const auto& name : names_of_table(given)) sql_name(given, name);
  chunk_size(given);
  in_range("max_errors", given.get<std::int64_t>("max_errors"), 0, most_errors);
  if (!is_readable(given, "rules") || !is_readable(given, "reference")) return;
  rules_of(given);
}

template <class Context>
migration_id id_of(const Context& c) {
  return {std::to_string(c.first_run().value),
          std::to_string(c.first_created_at().time_since_epoch().count())};
}

void stream_chunks(split_context& s, const take_partition& yield) {
  const auto& given = s.all_parameters();
  const bool table = is_table(given);
  rules_of(given);
  const auto records = chunk_size(given);
  const auto folder = s.get<fs::path>("output_dir");
  // A folder nobody can write into would fail every chunk.
  require_writable(folder);
  // Not before the source was read: where it cannot be, nothing is claimed.
  bool is_claimed = false;
  const auto claim = [&] {
    if (!std::exchange(is_claimed, true))
      claim_folder(folder, id_of(s), given.find<bool>("overwrite").value_or(false));
  };
  const take_partition take = [&](partition chunk) {
    claim();
    yield(std::move(chunk));
  };
  table ? stream_table(s, records, take) : stream_file(s, records, take);
  claim();
}

/// Throws permanent_error where a run that continues another finds another file.
fs::path unchanged_input(const partition_context& p) {
  auto path = p.get<fs::path>("input");
  if (p.run() == p.first_run()) return path;
  const auto part = p.input<file_part>();
  if (input_file{path}.version() == file_version{part.file_size, part.file_mtime_ns}) return path;
  refuse_changed(path, p.first_run());
}

/// The records of a part of a file.
class file_records {
 public:
  explicit file_records(partition_context& p) : file_(unchanged_input(p), p.input<file_part>()) {}

  /// One that is too long becomes a bad record in its place.
  std::optional<source_record> next() {
    source_record one;
    try {
      auto bytes = file_.next();
      if (!bytes) return std::nullopt;
      one.bytes = std::move(*bytes);
    } catch (const data_error& e) {
      one.flaw = e.what();
    }
    one.how = file_.how();
    return one;
  }
  json position() const { return file_.position(); }
  void seek(const json& position) { file_.seek(position); }
  std::string where() const { return file_.where(); }

 private:
  record_file file_;
};

using table_records = sql::keyset<source_record>;

std::optional<std::int64_t> version_in(const sql_row& row) {
  if (row.size() < 3 || std::holds_alternative<std::nullptr_t>(row[2])) return std::nullopt;
  if (const auto* version = std::get_if<std::int64_t>(&row[2])) return *version;
  throw permanent_error("a version of the table is no integer");
}

table_records read_table(partition_context& p) {
  const auto& given = p.all_parameters();
  const auto id = sql_name(given, "id_column");
  std::vector<std::string> columns{id, sql_name(given, "marc_column")};
  if (given.find<std::string>("version_column"))
    columns.push_back(sql_name(given, "version_column"));
  return {p,
          {sql_name(given, "table"), std::move(columns), {id}, "", {}},
          p.input<sql::key_range>(),
          [](sql_row& row) {
            auto* text = std::get_if<std::string>(&row[1]);
            return source_record{format::json, text != nullptr ? std::move(*text) : "",
                                 text_of(row[0]), version_in(row), ""};
          }};
}

class records {
 public:
  explicit records(partition_context& p)
      : from_(is_table(p.all_parameters()) ? source{read_table(p)} : source{file_records{p}}) {}

  std::optional<source_record> next() {
    return std::visit([](auto& one) { return one.next(); }, from_);
  }
  json position() const {
    return std::visit([](const auto& one) { return one.position(); }, from_);
  }
  void seek(const json& position) {
    std::visit([&](auto& one) { one.seek(position); }, from_);
  }
  std::string where() const {
    return std::visit([](const auto& one) { return one.where(); }, from_);
  }

 private:
  using source = std::variant<table_records, file_records>;
  source from_;
};

// --- chunks

/// ID,MESSAGE: as CSV, where either needs quotes.
std::string error_line(const std::string& id, const std::string& message) {
  const auto quoted = [](const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string made{'"'};
    for (const auto c : text) made.append(c == '"' ? 2 : 1, c);
    return made + '"';
  };
  return quoted(id) + ',' + quoted(message) + '\n';
}

mapped_lines map_one(const source_record& from, const mapping_rules& rules) {
  auto id = from.id;
  std::optional<record> read;
  try {
    if (!from.flaw.empty()) throw data_error(from.flaw);
    read = decode(from.how, from.bytes);
    if (id.empty()) id = control_number(*read);
    if (id.empty()) throw data_error("it has no control number: no field 001");
    auto entity = map_record(*read, rules);
    if (!from.id.empty()) entity["id"] = id;
    entity.emplace("id", id);  // of a file: the rules may have one
    if (from.version) entity["_version"] = *from.version;
    entity["source"] = "MARC";
    return {entity.dump() + '\n', "", ""};
  } catch (const data_error& e) {
    auto kept = read ? to_json_text(*read) : json{{"record", utf8::escaped(from.bytes)}}.dump();
    throw data_error_with<mapped_lines>(
        e.what(),
        {"", std::move(kept) + '\n', error_line(id.empty() ? "<unknown>" : id, e.what())});
  }
}

/// One of the lines of each record, where it has it.
class chosen_lines {
 public:
  chosen_lines(file_sink& to, std::string mapped_lines::*which) : to_(&to), which_(which) {}

  void begin() {}
  void add(const mapped_lines& lines) {
    if (!(lines.*which_).empty()) to_->add(lines.*which_);
  }
  void end(bool) {}
  static bool is_whole(char) { return false; }

 private:
  file_sink* to_;
  std::string mapped_lines::*which_;
};
using line_file = item_file<mapped_lines, chosen_lines>;

tee<line_file, line_file, line_file> chunk_files(partition_context& p) {
  const auto folder = p.get<fs::path>("output_dir");
  // A migration that has ended may have been replaced before a run continues it.
  if (p.run() != p.first_run()) require_claimed(folder, {std::to_string(p.first_run().value), ""});
  const auto file = [&](std::string_view suffix, std::string mapped_lines::*which) {
    const auto name = "{}" + std::string{suffix};
    return line_file{p.output_file(folder / name), which};
  };
  return tee{file(entity_suffix, &mapped_lines::entity),
             file(bad_record_suffix, &mapped_lines::bad_record),
             file(error_suffix, &mapped_lines::error)};
}

/// Throws permanent_error for a file that seems to hold something else.
void require_records(const item_counts& counts, const run_context& run) {
  const auto input = run.find<fs::path>("input");
  if (counts.read == 0 && input && !may_be_empty(*input))
    throw permanent_error(input->string() + " holds no record of ISO 2709 or MARC-XML");
}

void finish(const results& all, run_context& run) {
  const auto folder = run.get<fs::path>("output_dir");
  const auto counts = all.counts();
  require_records(counts, run);
  require_claimed(folder, id_of(run));
  for (const auto suffix : {entity_suffix, bad_record_suffix, error_suffix})
    remove_numbered_from(all.count(), folder, "", suffix);
  json told{{"total", counts.read},
            {"mapped", counts.written},
            {"errors", counts.skipped},
            {"chunks", all.count()}};
  tell_mapped(folder, id_of(run), told);
  told["status"] = counts.written == counts.read ? "DATA_MAPPING_COMPLETED" : "DATA_MAPPING_FAILED";
  told["output_dir"] = folder.string();
  run.result(std::move(told));
}

}  // namespace

}  // namespace marc

job marc_map() {
  using namespace marc;
  return job{"marc_map"}
      .about("maps MARC records to entities by rules")
      .parameter<fs::path>("input", about{"a file of records: ISO 2709, or MARC-XML"})
      .parameter<std::string>("table", about{"or a table or view of records: MARC-in-JSON"})
      .parameter<std::string>("id_column", default_value{"id"},
                              about{"of the table: unique, never NULL, with an index"})
      .parameter<std::string>("marc_column", default_value{"marc"}, about{"of the table"})
      .parameter<std::string>("version_column",
                              about{"of the table: _version of entities; default: none"})
      .parameter<fs::path>("output_dir", required, non_identifying,
                           about{"folder for N_entity, N_entity-error and N_error; is created"})
      .parameter<bool>("overwrite", default_value{false}, non_identifying,
                       about{"whether a migration that has ended may lie in it"})
      .parameter<std::string>("entity", default_value{"authority"}, one_of{"authority", "instance"},
                              about{"what records become"})
      .parameter<fs::path>("rules", about{"mapping rules, JSON; default: those that ship"})
      .parameter<fs::path>("reference", about{"ids of types, JSON; default: types by their names"})
      .parameter<std::string>("tenant", default_value{""},
                              about{"whose records: tenants share the cluster as equals"})
      .parameter<std::int64_t>("chunk_size", default_value{500}, non_identifying,
                               about{"records of a chunk"})
      .parameter<std::int64_t>("max_errors", default_value{most_errors}, non_identifying,
                               about{"records that may be bad"})
      .fair_by("tenant")
      .files_expire()
      .check(check)
      .resource<mapping_rules>([](resource_context& r) { return rules_of(r.all_parameters()); })
      .step(partitioned{"map"}
                .stream(stream_chunks)
                .each(chunked<source_record, mapped_lines>{commit_interval}
                          .read([](partition_context& p) { return records{p}; })
                          .process_with([](partition_context& p) {
                            return [&rules = p.resource<mapping_rules>()](source_record one) {
                              return map_one(one, rules);
                            };
                          })
                          .write(chunk_files)
                          .skip(on<data_error>(), at_most{"max_errors"}))
                .aggregate(finish));
}

}  // namespace partita
