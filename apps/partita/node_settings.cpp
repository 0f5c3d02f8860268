#include "apps/partita/node_settings.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <sstream>

#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "batch/errors.hpp"
#include "batch/objects/object_name.hpp"

namespace partita::cli {

namespace {

struct interval {
  const char* name;
  milliseconds settings::*member;
  const char* help;
};

constexpr interval intervals[] = {
    {"heartbeat", &settings::heartbeat, "between renewals of the node; at rest twice that"},
    {"heartbeat-timeout", &settings::heartbeat_timeout, "limit of one renewal"},
    {"heartbeat-retry", &settings::heartbeat_retry, "wait after a failed renewal; it doubles"},
    {"unreachable-after", &settings::unreachable_after, "silence that makes a node UNREACHABLE"},
    {"deregister-after", &settings::deregister_after, "silence after which others take its work"},
    {"poll", &settings::poll, "between looks for work while there is none"},
    {"master-poll", &settings::master_poll, "between a master's looks at its step"},
    {"lease-hold", &settings::lease_hold, "how much work one lease aims to hold"},
    {"report-delay", &settings::report_delay, "the longest time a result waits for others"},
    {"drain-grace", &settings::drain_grace,
     "SIGTERM: time for partitions to end or reach a checkpoint"},
    {"stop-grace", &settings::stop_grace, "then: time for executors to end, once interrupted"},
    {"database-timeout", &settings::database_timeout, "one statement of a claim or report"},
};

constexpr std::int64_t longest_ms = 24 * 3600 * 1000;

std::string variable_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return "PARTITA_" + name;
}

}  // namespace

option_list node_setting_options() {
  option_list all{
      {"executors", "N", "partitions executed at once; 0: one per core", "PARTITA_EXECUTORS", "0"},
      {"tokens", "N", "schedules it owns at most; 0: it fires none", "PARTITA_TOKENS", "100"},
      {"tag", "TAG[,TAG...]", "what steps may require of the node that executes them, like gpu",
       "PARTITA_TAG"},
      {"fast", "", "short timers, for demonstrations on one machine", "PARTITA_FAST"},
      {"wake-up", "",
       "hear of new work from PostgreSQL (one more connection; not through a pooler)",
       "PARTITA_WAKE_UP"},
      {"files", "DIR[:DIR...]",
       "folders whose files its jobs may use, also s3://BUCKET/DIR: this one if not given",
       "PARTITA_FILES"},
      {"allow-command", "DIR[:DIR...]",
       "folders whose programs its jobs may start: none if not given", "PARTITA_ALLOW_COMMAND"},
      {"allow-url", "URL[ URL...]",
       "addresses below which its jobs may ask servers: none if not given", "PARTITA_ALLOW_URL"},
      {"author-db", "URL",
       "where its jobs read and write rows, if not in --db: then at least once, not exactly once",
       "PARTITA_AUTHOR_DB"},
      {"traces", "URL",
       "send traces there (OTLP/HTTP), like http://127.0.0.1:4318; or OTEL_EXPORTER_OTLP_ENDPOINT",
       "PARTITA_TRACES"},
      {"max-lease-width", "N", "partitions of one lease at most", "PARTITA_MAX_LEASE_WIDTH"}};
  for (const auto& one : intervals) {
    auto flag = std::string{one.name} + "-ms";
    auto normal = (settings{}.*one.member).count();
    all.push_back({flag, "MS", std::string{one.help} + " (" + std::to_string(normal) + ")",
                   variable_of(flag)});
  }
  return all;
}

namespace {

/// TAG[,TAG...]
std::vector<std::string> tags_of(const std::string& text) {
  std::vector<std::string> tags;
  std::istringstream in{text};
  for (std::string tag; std::getline(in, tag, ',');) {
    const auto odd = std::find_if_not(tag.begin(), tag.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-' || c == '.';
    });
    if (tag.empty() || odd != tag.end())
      throw usage_error("--tag " + text + ": a tag is made of letters, digits, '_', '-' and '.'");
    tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace

settings settings_of(const arguments& args) {
  auto s = args.has("fast") ? fast_settings() : settings{};
  s.executors = static_cast<int>(args.number("executors", 0, 1024));
  s.tokens = static_cast<int>(args.number("tokens", 0, 1'000'000));
  s.tags = tags_of(args.text("tag"));
  if (auto width = args.maybe_number("max-lease-width", 1, 1'000'000))
    s.max_lease_width = static_cast<int>(*width);
  s.wake_up = args.has("wake-up");
  for (const auto& one : intervals)
    if (auto ms = args.maybe_number(std::string{one.name} + "-ms", 0, longest_ms))
      s.*one.member = milliseconds{*ms};
  if (auto found = problems(s); !found.empty())
    throw usage_error("the settings are refused: " + join(found, "; "));
  return s;
}

namespace {

/// DIR[:DIR...]. The ':' of s3:// divides nothing.
std::vector<std::filesystem::path> folders_in(const std::string& text) {
  std::vector<std::string> names(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\:") == 0)
      names.back() += text[++i];
    else if (text[i] == ':' && !(names.back() == "s3" && text.compare(i, 3, "://") == 0))
      names.emplace_back();
    else
      names.back() += text[i];
  }
  std::vector<std::filesystem::path> folders;
  for (const auto& name : names)
    if (!name.empty()) folders.emplace_back(name);
  return folders;
}

}  // namespace

std::vector<std::filesystem::path> program_folders(const arguments& args) {
  return folders_in(args.text("allow-command"));
}

std::vector<std::filesystem::path> file_folders(const arguments& args) {
  auto folders = folders_in(args.text("files"));
  if (folders.empty()) folders.push_back(std::filesystem::current_path());
  return folders;
}

std::vector<std::string> allowed_addresses(const arguments& args) {
  std::istringstream in{args.text("allow-url")};
  return {std::istream_iterator<std::string>{in}, {}};
}

namespace {

void require_object_folder(const std::string& flag, const std::filesystem::path& folder) {
  try {
    parse_object_folder(folder);
  } catch (const permanent_error& e) {
    throw usage_error(flag + ": " + e.what());
  }
}

}  // namespace

void require_folders(const arguments& args) {
  const auto require = [](const std::string& flag, const auto& folders) {
    std::error_code ignored;
    for (const auto& folder : folders)
      if (is_object(folder))
        require_object_folder(flag, folder);
      else if (!std::filesystem::is_directory(folder, ignored))
        throw usage_error(flag + " names " + folder.string() + ", which is no folder",
                          "name folders that exist, with ':' between them");
  };
  require("--files", file_folders(args));
  require("--allow-command", program_folders(args));
}

std::shared_ptr<database> author_database(const arguments& args) {
  const auto url = args.text("author-db");
  if (url.empty()) return nullptr;
  if (args.typed("author-db")) require_no_password("author-db", "PARTITA_AUTHOR_DB", url);
  const auto file = sqlite_file(url);
  if (file && file->empty())
    throw usage_error("--author-db " + url + " names no file", "sqlite:FILE, say");
  if (file && !std::filesystem::exists(*file))
    throw command_error(exit_code::unreachable, "unavailable",
                        "--author-db names " + *file + ", and there is no such file",
                        "make it, with the tables of your jobs in it");
  session_options options;
  options.of_authors = options.elsewhere = true;
  try {
    auto db = open_database(url);
    db->connect(options);
    return db;
  } catch (const store_error& e) {
    throw store_error(e.code(), std::string{"--author-db: "} + e.what());
  }
}

std::string joined_folders(const std::vector<std::filesystem::path>& folders) {
  std::string text;
  for (const auto& folder : folders) {
    if (!text.empty()) text += ':';
    const auto name = folder.string();
    const std::size_t begin = is_object(folder) ? 3 : 0;
    text += name.substr(0, begin);
    for (const char c : name.substr(begin)) {
      if (c == ':') text += '\\';
      text += c;
    }
  }
  return text;
}

std::map<std::string, std::string> passed_settings(const arguments& args) {
  std::map<std::string, std::string> variables;
  for (const auto& one : node_setting_options())
    if (const auto from = args.source(one.name).what;
        from == value_source::flag || from == value_source::file)
      variables[one.env] = args.text(one.name);
  return variables;
}

}  // namespace partita::cli
