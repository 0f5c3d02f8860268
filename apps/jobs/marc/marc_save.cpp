#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/jobs/marc/bulk_endpoint.hpp"
#include "apps/jobs/marc/chunk_files.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/jobs/marc/sql_name.hpp"
#include "apps/jobs/marc/text_file.hpp"
#include "apps/jobs/support/demo.hpp"
#include "batch/addresses.hpp"
#include "batch/batch.hpp"
#include "batch/readers/lines.hpp"
#include "batch/utf8.hpp"
#include "batch/writers/output_folder.hpp"
#include "batch/writers/sql.hpp"

namespace partita {

namespace marc {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t longest_call_s = 3600;
constexpr int tries_of_a_call = 4;
constexpr std::int64_t largest_migration_file = 64 << 10;  // bytes

/// Entities go to a table, or to a server.
bool saves_to_table(const parameters& given) {
  const bool table = given.find<std::string>("table").has_value();
  if (given.find<std::string>("url").has_value() == table)
    throw permanent_error(table ? "url and table are both given: entities go to one of them"
                                : "neither url nor table is given: entities go to one of them");
  return table;
}

void check_saving(const parameters& given) {
  if (saves_to_table(given))
    for (const auto* name : {"table", "id_column", "entity_column"}) sql_name(given, name);
  else
    plain_address(given.get<std::string>("url"));
  in_range("timeout_s", given.get<std::int64_t>("timeout_s"), 1, longest_call_s);
  in_range("max_errors", given.get<std::int64_t>("max_errors"), 0, most_errors);
  const auto tenant = given.get<std::string>("tenant");
  if (std::any_of(tenant.begin(), tenant.end(), [](unsigned char c) { return c < 0x20; }))
    throw permanent_error("parameter tenant is " + utf8::printable(tenant) +
                          "; it becomes a header, which is one line");
}

fs::path entity_file(const fs::path& folder, std::int64_t chunk) {
  return folder / (std::to_string(chunk) + std::string{entity_suffix});
}

/// How many chunks marc_map has made. Throws permanent_error unless it has ended.
std::int64_t mapped_chunks(const fs::path& folder) {
  const auto file = folder / migration_file;
  std::string text;
  try {
    text = text_of_file(file, largest_migration_file);
  } catch (const std::system_error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    throw permanent_error("input_dir is " + folder.string() + ", which has no " +
                          file.filename().string() +
                          ": it must be the output_dir of a marc_map that is COMPLETED");
  }
  const auto told = json::parse(text, nullptr, false);
  try {
    if (told.at("state") == "MAPPING")
      throw permanent_error(file.string() + ": the migration of run " +
                            utf8::printable(told.at("run").get<std::string>()) +
                            " has not ended: wait until it is COMPLETED, or restart it");
    if (told.at("state") == "MAPPED" && told.at("chunks").is_number_unsigned())
      return told.at("chunks").get<std::int64_t>();
  } catch (const json::exception&) {  // a member is missing, or of another type
  }
  throw permanent_error(file.string() + " is not as marc_map writes it: map the records again");
}

/// Each chunk that has entities.
std::vector<partition> list_chunks(split_context& s) {
  const auto& given = s.all_parameters();
  check_saving(given);
  if (!saves_to_table(given)) require_allowed_address(given.get<std::string>("url"));
  const auto folder = s.get<fs::path>("input_dir");
  if (!is_folder(folder))
    throw permanent_error("input_dir is " + folder.string() + ", which is no folder");
  const auto chunks = mapped_chunks(folder);
  const auto files = numbered_files(folder, "", entity_suffix);
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk)
    if (!files.contains(chunk))
      throw permanent_error(entity_file(folder, chunk).string() + " is missing: marc_map made " +
                            std::to_string(chunks) + " of them; map the records again");
  if (std::ssize(files) > chunks)
    throw permanent_error(folder.string() + " holds " + std::to_string(files.size()) + " files N" +
                          std::string{entity_suffix} + ", and marc_map made " +
                          std::to_string(chunks) + ": remove the others");
  // The same in all restarts, which keep what is said of partitions here.
  const auto save_id = random_launch_key("save");
  std::vector<partition> to_save;
  for (const auto& [chunk, path] : files) {
    const auto version = input_file{path}.version();
    if (version.size == 0) continue;
    to_save.push_back({"chunk " + std::to_string(chunk),
                       {{"chunk", chunk},
                        {"file_size", version.size},
                        {"file_mtime_ns", version.mtime_ns},
                        {"save_id", save_id}}});
  }
  return to_save;
}

/// The file of entities of a partition. Throws permanent_error unless it is the one that was
/// listed.
struct chunk_file {
  explicit chunk_file(const partition_context& p)
      : path(entity_file(p.get<fs::path>("input_dir"), p.input().at("chunk").get<std::int64_t>())),
        version{p.input().at("file_size").get<std::int64_t>(),
                p.input().at("file_mtime_ns").get<std::int64_t>()} {
    input_file{path}.require_version(version);
  }

  fs::path path;
  file_version version;
};

entity entity_in(std::string line) {
  const auto document = json::parse(line, nullptr, false);
  if (!document.is_object()) throw data_error("it is no JSON object");
  const auto id = document.find("id");
  if (id == document.end() || !id->is_string()) throw data_error("it has no id");
  return {id->get<std::string>(), std::move(line)};
}

template <class Factory>
chunked_body save_by(Factory writer) {
  return chunked<std::string, entity>{largest_chunk}
      .read([](partition_context& p) {
        const chunk_file in{p};
        return lines::reader{in.path, lines::split(in.path, 1).front()};
      })
      .process(entity_in)
      .write(std::move(writer))
      .retry(on<transient_error>(), attempts{tries_of_a_call}, {milliseconds{500}})
      .skip(on<data_error>(), at_most{"max_errors"});
}

chunked_body save_chunk() {
  const auto to_server = save_by([](partition_context& p) {
    const chunk_file in{p};
    const auto save_id = p.input().at("save_id").get<std::string>();
    p.output(save_id);
    return bulk_endpoint{p, save_id, in.path, in.version.size};
  });
  const auto to_table = save_by([](partition_context& p) {
    const auto id = sql_name(p.all_parameters(), "id_column");
    return sql::upsert<entity>{sql_name(p.all_parameters(), "table"),
                               {id},
                               {id, sql_name(p.all_parameters(), "entity_column")},
                               [](const entity& one) {
                                 return sql_row{one.id, one.line};
                               }};
  });
  auto either = to_server;
  either.run = [to_server, to_table](partition_context& p) {
    (saves_to_table(p.all_parameters()) ? to_table : to_server).run(p);
  };
  return either;
}

/// Files of parts of chunks that attempts have left whose nodes were killed.
void remove_parts(const results& all, const fs::path& folder) {
  std::set<std::string> save_ids;  // one; a few where a split was begun again
  all.for_each([&](const partition_result& r) {
    if (r.output.is_string()) save_ids.insert(r.output.get<std::string>());
  });
  for (const auto& save_id : save_ids) remove_files_named(folder, save_id + ":", part_suffix);
}

void finish_saving(const results& all, run_context& run) {
  remove_parts(all, run.get<fs::path>("input_dir"));
  const auto counts = all.counts();
  run.result(
      {{"status", counts.written == counts.read ? "DATA_SAVING_COMPLETED" : "DATA_SAVING_FAILED"},
       {"total", counts.read},
       {"saved", counts.written},
       {"errors", counts.skipped},
       {"chunks", all.count()}});
}

}  // namespace

}  // namespace marc

job marc_save() {
  using namespace marc;
  return job{"marc_save"}
      .about("saves the entities that marc_map made: a server or a table gets them")
      .parameter<fs::path>("input_dir", required, about{"output_dir of marc_map: N_entity"})
      .parameter<std::string>("url", about{"a server that takes files of entities"})
      .parameter<std::string>("table", about{"or a table of the database: upsert"})
      .parameter<std::string>("id_column", default_value{"id"},
                              about{"of the table, with a unique index"})
      .parameter<std::string>("entity_column", default_value{"entity"},
                              about{"of the table: gets the JSON"})
      .parameter<bool>("publish_events", default_value{true},
                       about{"whether the server tells others"})
      .parameter<fs::path>("headers", non_identifying,
                           about{"file of headers for the server: lines \"Name: value\""})
      .parameter<std::int64_t>("timeout_s", default_value{60}, non_identifying,
                               about{"how long the server may take for a chunk"})
      .parameter<std::string>("tenant", default_value{""},
                              about{"whose entities: tenants share the cluster as equals"})
      .parameter<std::int64_t>("max_errors", default_value{most_errors}, non_identifying,
                               about{"entities that may be refused"})
      .fair_by("tenant")
      .check(check_saving)
      .step(partitioned{"save"}.split(list_chunks).each(save_chunk()).aggregate(finish_saving));
}

}  // namespace partita
