#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/jobs/marc/chunk_files.hpp"
#include "apps/jobs/marc/mapper.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/jobs/marc/record_file.hpp"
#include "apps/jobs/marc/shipped_rules.hpp"
#include "apps/jobs/marc/sql_name.hpp"
#include "apps/jobs/marc/text_file.hpp"
#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
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
  std::string id;  // empty: its control number
};

/// Either of the two sources is named.
bool is_table(const parameters& given) {
  const bool file = given.find<fs::path>("input").has_value();
  const bool table = given.find<std::string>("table").has_value();
  if (file == table)
    throw permanent_error(file ? "input and table are both given: records come from one of them"
                               : "neither input nor table is given: records come from one of them");
  return table;
}

/// After a takeover it goes on behind the last chunk, in the same file.
void stream_file(split_context& s, std::int64_t records, const take_partition& yield) {
  const auto path = s.get<fs::path>("input");
  std::optional<file_part> last;
  if (const auto stored = s.last_stored()) last = stored->get<file_part>();
  for (const auto& part : cut(path, records)) {
    if (last && (last->file_size != part.file_size || last->file_mtime_ns != part.file_mtime_ns))
      throw permanent_error(path.string() + " changed while the run was under way");
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

/// Files may be on another host than this.
void check(const parameters& given) {
  if (is_table(given))
    for (const auto* name : {"table", "id_column", "marc_column"}) sql_name(given, name);
  chunk_size(given);
  in_range("max_errors", given.get<std::int64_t>("max_errors"), 0, most_errors);
  for (const auto* name : {"rules", "reference"}) {
    const auto path = given.find<fs::path>(name);
    if (path && ::access(path->c_str(), R_OK) != 0) return;
  }
  rules_of(given);
}

void stream_chunks(split_context& s, const take_partition& yield) {
  const auto& given = s.all_parameters();
  const bool table = is_table(given);
  rules_of(given);
  const auto records = chunk_size(given);
  // A folder nobody can write into would fail every chunk.
  require_writable(s.get<fs::path>("output_dir"));
  table ? stream_table(s, records, yield) : stream_file(s, records, yield);
}

/// The records of a part of a file.
class file_records {
 public:
  explicit file_records(partition_context& p)
      : file_(p.get<fs::path>("input"), p.input<file_part>()) {}

  std::optional<source_record> next() {
    auto bytes = file_.next();
    if (!bytes) return std::nullopt;
    return source_record{file_.how(), std::move(*bytes), ""};
  }
  json position() const { return file_.position(); }
  void seek(const json& position) { file_.seek(position); }
  std::string where() const { return file_.where(); }

 private:
  record_file file_;
};

using table_records = sql::keyset<source_record>;

table_records read_table(partition_context& p) {
  const auto& given = p.all_parameters();
  const auto id = sql_name(given, "id_column");
  return {p,
          {sql_name(given, "table"), {id, sql_name(given, "marc_column")}, {id}, "", {}},
          p.input<sql::key_range>(),
          [](sql_row& row) {
            auto* text = std::get_if<std::string>(&row[1]);
            return source_record{format::json, text != nullptr ? std::move(*text) : "",
                                 text_of(row[0])};
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
    read = decode(from.how, from.bytes);
    if (id.empty()) id = control_number(*read);
    if (id.empty()) throw data_error("it has no control number: no field 001");
    auto entity = map_record(*read, rules);
    entity.emplace("id", id);
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
  const auto file = [&](std::string_view suffix, std::string mapped_lines::*which) {
    const auto name = "{}" + std::string{suffix};
    return line_file{p.output_file(p.get<fs::path>("output_dir") / name), which};
  };
  return tee{file(entity_suffix, &mapped_lines::entity),
             file(bad_record_suffix, &mapped_lines::bad_record),
             file(error_suffix, &mapped_lines::error)};
}

void finish(const results& all, run_context& run) {
  const auto folder = run.get<fs::path>("output_dir");
  for (const auto suffix : {entity_suffix, bad_record_suffix, error_suffix})
    remove_numbered_from(all.count(), folder, "", suffix);
  const auto counts = all.counts();
  if (counts.read == 0 && run.find<fs::path>("input") &&
      input_file{*run.find<fs::path>("input")}.version().size > 0)
    throw permanent_error(run.get<fs::path>("input").string() +
                          " holds no record of ISO 2709 or MARC-XML");
  run.result(
      {{"status", counts.written == counts.read ? "DATA_MAPPING_COMPLETED" : "DATA_MAPPING_FAILED"},
       {"total", counts.read},
       {"mapped", counts.written},
       {"errors", counts.skipped},
       {"chunks", all.count()},
       {"output_dir", folder.string()}});
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
      .parameter<fs::path>("output_dir", required, non_identifying,
                           about{"folder for N_entity, N_entity-error and N_error; is created"})
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
