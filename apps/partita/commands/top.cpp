#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/http/overview_view.hpp"
#include "apps/partita/overview.hpp"
#include "apps/partita/signals.hpp"
#include "apps/partita/terminal.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds redraw_every{1000};
constexpr milliseconds key_look_every{100};
constexpr std::size_t columns_of_a_file = 200;

/// Keys come at once and are not shown, until it is destroyed. Ctrl-C stays a signal.
class raw_keys {
 public:
  raw_keys() : is_terminal_(::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~raw_keys() {
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  raw_keys(const raw_keys&) = delete;
  raw_keys& operator=(const raw_keys&) = delete;

  /// Whether 'q' was typed since the last look.
  bool asks_to_end() const {
    if (!is_terminal_) return false;
    pollfd in{STDIN_FILENO, POLLIN, 0};
    char key = 0;
    while (::poll(&in, 1, 0) == 1 && (in.revents & POLLIN) != 0 &&
           ::read(STDIN_FILENO, &key, 1) == 1)
      if (key == 'q' || key == 'Q') return true;
    return false;
  }

 private:
  termios before_{};
  bool is_terminal_;  // behind what it fills
};

/// The cursor is hidden and what was on the terminal comes back, whatever is thrown.
class whole_screen {
 public:
  whole_screen() { std::cout << "\x1b[?1049h\x1b[?25l" << std::flush; }
  ~whole_screen() { std::cout << "\x1b[?25h\x1b[?1049l" << std::flush; }
  whole_screen(const whole_screen&) = delete;
  whole_screen& operator=(const whole_screen&) = delete;

  void show(const std::string& text) const {
    std::string drawn = "\x1b[H";  // over the last one: no flicker
    for (const char c : text) drawn += c == '\n' ? std::string{"\x1b[K\n"} : std::string{c};
    std::cout << drawn << "\x1b[J" << std::flush;
  }
};

screen_size size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {80, 24};
  return {size.ws_col, size.ws_row > 1 ? size.ws_row - std::size_t{1} : 1};
}

exit_code animate(const database& db, const reader& look, style how) {
  signal_watch signals;
  const raw_keys keys;
  const whole_screen screen;
  document shown;
  while (std::cout) {
    std::string away;
    try {
      shown = http::overview_view(look, db.address());
    } catch (const store_error& e) {
      if (e.code() != errc::unavailable) throw;
      away = std::string{"the database does not answer, waiting for it: "} + e.what();
    }
    how.now = wall_now();
    auto size = size_of_terminal();
    if (!away.empty() && size.rows > 1) --size.rows;
    screen.show((away.empty() ? "" : clip(escape_controls(away), size.columns) + "\n") +
                (shown.is_null() ? "" : draw_overview(shown, how, size)));
    for (auto until = boot_now() + redraw_every; boot_now() < until;) {
      if (keys.asks_to_end()) return exit_code::ok;
      if (signals.wait(key_look_every)) return exit_code::interrupted;
    }
  }
  return exit_code::ok;
}

}  // namespace

exit_code top_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  const auto as_json = wants_json(in.args);
  style how;
  how.color = wants_color(in.args);
  const auto db = open_existing(database_url(in.args));
  const reader look{db->connect({})};
  if (!as_json && !in.args.has("once") && can_draw(STDOUT_FILENO)) return animate(*db, look, how);
  const auto shown = http::overview_view(look, db->address());
  how.now = wall_now();
  if (as_json)
    std::cout << dump(shown) << "\n";
  else
    std::cout << draw_overview(
        shown, how, {can_draw(STDOUT_FILENO) ? size_of_terminal().columns : columns_of_a_file, 0});
  return exit_code::ok;
}

}  // namespace partita::cli
