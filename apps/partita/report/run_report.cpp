#include "apps/partita/report/run_report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "apps/partita/documents.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/http/run_views.hpp"
#include "apps/partita/http/timeline_view.hpp"
#include "apps/partita/run_errors.hpp"
#include "apps/partita/version.hpp"

namespace partita::report {

using cli::document;

namespace {

constexpr int bins_drawn = 400;
constexpr int events_at_each_end = 100;
constexpr int skipped_told = 100;

/// The first and the last ones; what lies between is left out.
document events_of(const reader& look, run_id run) {
  auto rows = look.list_events(run, 0, events_at_each_end);
  const auto last_of_first = rows.empty() ? 0 : rows.back().id;
  const auto newest = look.newest_events(run, events_at_each_end);
  const bool gap = !newest.empty() && newest.size() == events_at_each_end &&
                   newest.front().id > last_of_first &&
                   look.list_events(run, last_of_first, 1).front().id != newest.front().id;
  document items = document::array();
  for (const auto& row : rows) items.push_back(cli::event_document(row));
  if (gap) items.push_back({{"kind", "…"}});
  for (const auto& row : newest)
    if (row.id > last_of_first) items.push_back(cli::event_document(row));
  return {{"items", items}, {"more", gap}};
}

document skipped_of(const reader& look, run_id run) {
  auto rows = look.list_skipped(run, {}, skipped_told + 1);
  const bool more = std::ssize(rows) > skipped_told;
  if (more) rows.pop_back();
  const auto steps = look.summarize(run);
  document items = document::array();
  for (const auto& row : rows) items.push_back(cli::skipped_document(row, steps));
  return {{"items", items}, {"more", more}};
}

}  // namespace

document report_document(const reader& look, run_id run, const std::string& database) {
  http::tile_cache tiles;
  http::request whole;
  whole.query.emplace("pixels", std::to_string(bins_drawn));
  return {{"run", http::run_view(look, tiles, run)},
          {"timeline", http::timeline_view(look, tiles, run, whole)},
          {"errors", cli::errors_document(look, run)},
          {"skipped", skipped_of(look, run)},
          {"events", events_of(look, run)},
          {"database", database},
          {"version", cli::program_version()}};
}

namespace {

[[noreturn]] void refuse(const std::string& path, int error) {
  throw cli::command_error(cli::exit_code::failed, "output",
                           path + " cannot be written: " + std::system_category().message(error),
                           "name a file in a folder that you may write");
}

/// 0, or what went wrong.
int write_all(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const auto count = ::write(file, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    done += static_cast<std::size_t>(count);
  }
  const auto mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file, 0666 & ~mask) != 0 || ::fsync(file) != 0) return errno;
  return 0;
}

}  // namespace

void write_whole(const std::string& path, const std::string& text) {
  auto staged = path + ".XXXXXX";
  const int file = ::mkstemp(staged.data());
  if (file < 0) refuse(path, errno);
  auto error = write_all(file, text);
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(staged.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(staged.c_str());
  refuse(path, error);
}

}  // namespace partita::report
