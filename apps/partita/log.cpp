#include "apps/partita/log.hpp"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace partita::cli {

namespace {

bool is_key(std::string_view text) {
  return !text.empty() && (text[0] == '_' || std::isalpha(static_cast<unsigned char>(text[0]))) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '_' || c == '.';
         });
}

/// Reads "…" at the front of `rest` and removes it. Nothing if the quote is never closed.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) {
      auto escaped = rest[++i];
      value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
    } else {
      value += rest[i];
    }
  }
  return std::nullopt;
}

std::string take_word(std::string_view& rest) {
  auto end = std::min(rest.find(' '), rest.size());
  std::string word{rest.substr(0, end)};
  rest.remove_prefix(end);
  return word;
}

bool is_id(std::string_view key) {
  return key == "run" || key == "step" || key == "lease" || key == "node" || key.ends_with("_id");
}

document field_value(const log_message::field& field) {
  if (field.quoted || is_id(field.key)) return field.value;
  std::int64_t number = 0;
  const auto* last = field.value.data() + field.value.size();
  auto [end, error] = std::from_chars(field.value.data(), last, number);
  if (error == std::errc{} && end == last) return number;
  if (field.value == "true" || field.value == "false") return field.value == "true";
  return field.value;
}

class line_formatter final : public spdlog::formatter {
 public:
  line_formatter(log_format format, std::string node) : format_(format), node_(std::move(node)) {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    auto level = spdlog::level::to_string_view(msg.level);
    log_line line{std::chrono::time_point_cast<microseconds>(msg.time),
                  {level.data(), level.size()},
                  node_,
                  {msg.payload.data(), msg.payload.size()}};
    auto text = format_ == log_format::json ? json_log_line(line) : text_log_line(line);
    text += '\n';
    out.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<line_formatter>(format_, node_);
  }

 private:
  log_format format_;
  std::string node_;
};

}  // namespace

log_message parse_log_message(std::string_view payload) {
  log_message message;
  auto rest = payload;
  while (!rest.empty()) {
    if (rest[0] == ' ') {
      rest.remove_prefix(1);
      continue;
    }
    auto equals = rest.find_first_of("= ");
    if (equals != std::string_view::npos && rest[equals] == '=' && is_key(rest.substr(0, equals))) {
      log_message::field field{std::string{rest.substr(0, equals)}, "", false};
      rest.remove_prefix(equals + 1);
      auto quoted = rest.starts_with('"') ? take_quoted(rest) : std::nullopt;
      field.quoted = quoted.has_value();
      field.value = quoted ? *quoted : take_word(rest);
      message.fields.push_back(std::move(field));
    } else {
      message.text += (message.text.empty() ? "" : " ") + take_word(rest);
    }
  }
  return message;
}

std::string json_log_line(const log_line& line) {
  auto message = parse_log_message(line.payload);
  document out{{"ts", iso_time(line.at)}, {"level", line.level}, {"msg", message.text}};
  // A field of the message that is called as one of ours gets out of the way, but is not lost.
  auto own = [](const std::string& key) { return key == "ts" || key == "level" || key == "msg"; };
  if (!line.node.empty()) out["node"] = line.node;
  for (const auto& field : message.fields)
    out[own(field.key) ? field.key + "_" : field.key] = field_value(field);
  return dump(out);
}

std::string text_log_line(const log_line& line) {
  auto node = line.node.empty() ? std::string{} : " " + std::string{line.node};
  return iso_time(line.at) + " " + std::string{line.level} + escape_controls(node) + " " +
         escape_controls(line.payload);
}

void start_log(const std::string& level, log_format format, const std::string& node) {
  auto logger = std::make_shared<spdlog::logger>(
      "partita", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<line_formatter>(format, node));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace partita::cli
