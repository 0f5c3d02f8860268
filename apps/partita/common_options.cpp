#include "apps/partita/common_options.hpp"

#include <unistd.h>

#include "apps/partita/log.hpp"

namespace partita::cli {

namespace {

const std::vector<std::string> log_levels{"trace", "debug", "info", "warn", "error", "off"};
const std::vector<std::string> log_formats{"text", "json"};

}  // namespace

option_list general_options() {
  return {{"config", "FILE", "settings, instead of those in partita.toml", "PARTITA_CONFIG"},
          {"help", "", "show this", "", "", 'h'}};
}

option_list database_options() {
  return {{"db", "URL", "sqlite:PATH or postgresql://…; or PARTITA_DB_FILE, DATABASE_URL",
           "PARTITA_DB", "sqlite:partita.db"}};
}

option_list log_options(const std::string& level) {
  return {{"log-level", "LEVEL", "trace, debug, info, warn, error or off", "PARTITA_LOG_LEVEL",
           level, '\0', log_levels},
          {"log-format", "FORMAT", "text or json; text on a terminal", "PARTITA_LOG_FORMAT", "",
           '\0', log_formats}};
}

option_list output_options() {
  return {{"output", "FORMAT", "table or json", "", "table", 'o', {"table", "json"}}};
}

option_list color_option() {
  return {
      {"color", "WHEN", "auto, always or never", "", "auto", '\0', {"auto", "always", "never"}}};
}

option_list format_options() {
  return option_list{{"output",
                      "FORMAT",
                      "table, wide, json, jsonl, csv or name",
                      "",
                      "table",
                      'o',
                      {"table", "wide", "json", "jsonl", "csv", "name"}},
                     {"no-header", "", "no line of headings"},
                     {"time",
                      "FORM",
                      "relative or iso, in tables",
                      "",
                      "relative",
                      '\0',
                      {"relative", "iso"}}} +
         color_option();
}

option_list listing_options() {
  return format_options() +
         option_list{{"watch", "[S]", "again every S seconds (2), until Ctrl-C"}};
}

bool wants_json(const arguments& args) {
  return args.one_of("output", {"table", "json"}) == "json";
}

void start_log(const arguments& args, const std::string& node) {
  auto level = args.one_of("log-level", log_levels);
  auto json = args.text("log-format").empty() ? !::isatty(STDERR_FILENO)
                                              : args.one_of("log-format", log_formats) == "json";
  start_log(level, json ? log_format::json : log_format::text, node);
}

}  // namespace partita::cli
