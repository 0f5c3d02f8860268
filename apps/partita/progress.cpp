#include "apps/partita/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "apps/partita/terminal.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

constexpr std::size_t changes_kept = 50;
constexpr int bar_cells = 24;
constexpr int least_bar_cells = 8;

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string rate_text(double per_second) {
  return per_second >= 100 ? grouped(static_cast<std::int64_t>(per_second))
                           : fmt::format("{:.1f}", per_second);
}

/// Nothing while the total may still grow or nothing has ended yet.
std::optional<std::string> eta_text(const progress_view& view) {
  auto left = view.total - view.completed - view.failed;
  if (!view.sealed || left <= 0 || view.partitions_per_second <= 0) return std::nullopt;
  auto seconds = static_cast<double>(left) / view.partitions_per_second;
  return duration_text(microseconds{static_cast<std::int64_t>(std::min(seconds, 1e9) * 1e6)});
}

std::string partitions_text(const progress_view& view) {
  auto text = grouped(view.completed) + "/" + grouped(view.total) + (view.sealed ? "" : "+") +
              " partitions";
  if (view.failed > 0) text += ", " + grouped(view.failed) + " failed";
  return text;
}

std::string state_text(const progress_view& view) {
  if (!view.waits_for.empty()) return "waiting for " + view.waits_for;
  if (view.state == run_state::created) return "waiting for a node that knows the job";
  if (view.state == run_state::running && !view.has_master) return "waiting for a new master";
  if (view.state == run_state::running && view.stopping) return "stopping";
  return std::string{to_string(view.state)};
}

/// What follows the numbers: how it stands, or how long it will take.
std::string outlook_text(const progress_view& view) {
  if (is_terminal(view.state) || view.stopping || !view.has_master || !view.waits_for.empty())
    return "  " + state_text(view);
  const auto eta = eta_text(view);
  return eta ? "  ETA " + *eta : "";
}

std::string speed_text(const progress_view& view) {
  if (view.rows_per_second > 0) return "  " + rate_text(view.rows_per_second) + " rows/s";
  if (view.partitions_per_second > 0) return "  " + rate_text(view.partitions_per_second) + "/s";
  return "";
}

}  // namespace

void rate_meter::add(mono_time at, std::int64_t count) {
  if (!changes_.empty() && count < changes_.back().count) changes_.clear();
  if (!changes_.empty() && count == changes_.back().count) return;
  changes_.push_back({at, count});
  if (changes_.size() > changes_kept) changes_.pop_front();
}

double rate_meter::per_second(mono_time now) const {
  if (changes_.size() < 2) return 0;
  auto took = std::chrono::duration<double>(now - changes_.front().at).count();
  return took <= 0 ? 0 : static_cast<double>(changes_.back().count - changes_.front().count) / took;
}

std::string progress_bar(std::int64_t done, std::int64_t total, int cells) {
  auto full = total <= 0 ? 0
                         : static_cast<int>(std::clamp(done, std::int64_t{0}, total) *
                                            std::int64_t{cells} / total);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(cells - full), '.') + "]";
}

std::string bar_line(const progress_view& view, std::size_t columns) {
  auto name = escape_controls(fmt::format("{} {}", view.job, view.run.value)) + "  ";
  if (view.total == 0) return clip(name + state_text(view), columns);
  const auto numbers =
      fmt::format("{:>3}%  {}", view.completed * 100 / view.total, partitions_text(view));
  const auto outlook = outlook_text(view);
  auto speed = speed_text(view);
  // Where it is narrow the bar gets shorter, then bar and speed go, then the name is cut off.
  const auto room = [&] {
    return static_cast<int>(columns) -
           static_cast<int>(width(name) + width(numbers) + width(speed) + width(outlook));
  };
  const auto cells = std::min(bar_cells, room() - 3);
  const auto bar =
      cells < least_bar_cells ? "" : progress_bar(view.completed, view.total, cells) + " ";
  if (bar.empty() && room() < 0) speed.clear();
  if (room() < 0 && width(name) > 2)
    name =
        clip(name, static_cast<std::size_t>(std::max(2, static_cast<int>(width(name)) + room())));
  return clip(name + bar + numbers + speed + outlook, columns);
}

std::string plain_line(const progress_view& view) {
  auto line = fmt::format("run {} of {}: {}", view.run.value, view.job, state_text(view));
  if (!view.steps.empty() && !is_terminal(view.state))
    line += (view.steps.size() == 1 ? ", step " : ", steps ") + join(view.steps, " and ");
  if (view.total > 0) line += ", " + partitions_text(view);
  if (view.rows > 0) line += ", " + grouped(view.rows) + " rows";
  return escape_controls(line);
}

progress_display::progress_display() : terminal_(can_draw(STDERR_FILENO)) {}

progress_display::~progress_display() {
  if (drawn_) std::fputc('\n', stderr);
}

void progress_display::show(progress_view view, mono_time now) {
  partitions_.add(now, view.completed + view.failed);
  rows_.add(now, view.rows);
  view.partitions_per_second = partitions_.per_second(now);
  view.rows_per_second = rows_.per_second(now);
  if (terminal_) {
    // One column short of the edge: terminals differ in what a full line does to the cursor.
    std::fprintf(stderr, "\r%s\x1b[K", bar_line(view, terminal_columns() - 1).c_str());
    std::fflush(stderr);
    drawn_ = true;
    return;
  }
  auto line = plain_line(view);
  auto recent = last_at_ && now - *last_at_ < std::chrono::seconds{1};
  if (line == last_ || (recent && !is_terminal(view.state))) return;
  std::fprintf(stderr, "%s\n", line.c_str());
  last_ = line;
  last_at_ = now;
}

void progress_display::note(const std::string& sentence) {
  std::fprintf(stderr, "%s%s\n", drawn_ ? "\r\x1b[K" : "", escape_controls(sentence).c_str());
  drawn_ = false;
}

}  // namespace partita::cli
