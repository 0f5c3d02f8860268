#include "apps/partita/common_options.hpp"

#include <unistd.h>

#include "apps/partita/log.hpp"

namespace partita::cli {

option_list help_option() { return {{"help", "", "show this", "", "", 'h'}}; }

option_list database_options() {
  return {{"db", "URL", "sqlite:PATH or postgresql://…; or PARTITA_DB_FILE, DATABASE_URL",
           "PARTITA_DB", "sqlite:partita.db"}};
}

option_list log_options(const std::string& level) {
  return {
      {"log-level", "LEVEL", "trace, debug, info, warn, error or off", "PARTITA_LOG_LEVEL", level},
      {"log-format", "FORMAT", "text or json; text on a terminal", "PARTITA_LOG_FORMAT"}};
}

option_list output_options() { return {{"output", "FORMAT", "table or json", "", "table", 'o'}}; }

option_list color_option() { return {{"color", "WHEN", "auto, always or never", "", "auto"}}; }

option_list format_options() {
  return option_list{
             {"output", "FORMAT", "table, wide, json, jsonl, csv or name", "", "table", 'o'},
             {"no-header", "", "no line of headings"},
             {"time", "FORM", "relative or iso, in tables", "", "relative"}} +
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
  auto level = args.one_of("log-level", {"trace", "debug", "info", "warn", "error", "off"});
  auto json = args.text("log-format").empty()
                  ? !::isatty(STDERR_FILENO)
                  : args.one_of("log-format", {"text", "json"}) == "json";
  start_log(level, json ? log_format::json : log_format::text, node);
}

}  // namespace partita::cli
