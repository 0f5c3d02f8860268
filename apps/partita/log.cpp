#include "apps/partita/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <variant>

#include "apps/partita/terminal.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

// The levels are spdlog's, in the same order.
static_assert(static_cast<int>(log::level::off) == SPDLOG_LEVEL_OFF);
spdlog::level::level_enum spdlog_level(log::level l) {
  return static_cast<spdlog::level::level_enum>(l);
}

std::string_view name_of(log::level l) {
  const auto name = spdlog::level::to_string_view(spdlog_level(l));
  return {name.data(), name.size()};
}

document shown(log::id_value id) { return std::to_string(id.value); }
document shown(std::string_view text) { return log::bounded(text); }
template <class Plain>
document shown(Plain content) {
  return content;
}

}  // namespace

std::string text_log_line(const log_line& line) {
  const auto name = line.node_name.empty() ? "-" : log::text_of(line.node_name);
  return iso_time(line.at) + " " + std::string{name_of(line.event.how)} + " " + name + " " +
         log::text_of(line.event);
}

std::string json_log_line(const log_line& line) {
  document out{
      {"ts", iso_time(line.at)}, {"level", name_of(line.event.how)}, {"msg", line.event.name}};
  if (!line.node_name.empty()) out["node_name"] = log::bounded(line.node_name);
  log::for_each_field(line.event, [&](std::string_view name, const log::value& v) {
    out[std::string{name}] = std::visit([](auto content) { return shown(content); }, v.data);
  });
  constexpr bool ascii_only = true;
  return out.dump(-1, ' ', ascii_only, document::error_handler_t::replace);
}

void start_log(const std::string& level, log_format format, const std::string& node_name) {
  auto logger = std::make_shared<spdlog::logger>("partita",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // A line comes as it is written. On a terminal a bar may stand there, perhaps of the process that
  // started this one: the line takes its place, and the bar is drawn again below.
  logger->set_pattern(can_draw(STDERR_FILENO) ? "\r\x1b[K%v" : "%v");
  logger->set_level(spdlog::level::trace);
  const auto least = static_cast<log::level>(spdlog::level::from_str(level));
  log::send_to(least, [logger, format, node_name](const log::event& e) {
    const log_line line{wall_now(), node_name, e};
    const auto text = format == log_format::json ? json_log_line(line) : text_log_line(line);
    logger->log(spdlog_level(e.how), spdlog::string_view_t{text});
  });
}

}  // namespace partita::cli
