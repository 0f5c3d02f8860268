#include "storage/postgres/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace partita::postgres {

namespace {

using parsed_options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

/// Several hosts and their ports are lists with commas.
std::vector<std::string> items_of(const std::string& list) {
  std::vector<std::string> items{""};
  for (char c : list)
    if (c == ',')
      items.emplace_back();
    else
      items.back() += c;
  return items;
}

std::string in_ms(milliseconds wait) { return std::to_string(std::max<long>(1, wait.count())); }

/// How the engine's own statements are planned:
/// - No bitmap scans. Until a table has statistics the planner assumes that a step has few rows: it
///   would collect and sort all results of a step where an index gives one page of them in order.
/// - No sequential scans of tables that have an index for it: a kept plan may be from when they
///   were empty.
/// - Plans are kept from the first time on. Before that, hundreds of sessions planned each
///   statement five times or more, to compare, and this took the server longer than the work
///   itself.
constexpr const char* planner_settings =
    " -c enable_bitmapscan=off"
    " -c enable_seqscan=off"
    " -c plan_cache_mode=force_generic_plan"
    " -c jit=off";

/// The settings of each session:
/// - Limits on how long a statement, a lock, a silent client or a dead link can block us or others.
///   The wait for a lock ends early enough to be repeated within the time of one statement. The
///   server probes the link too, so that the locks of a client that is cut off are released.
/// - READ COMMITTED, whatever the default of the role: the statements rely on it.
std::string server_settings(const session_options& options, milliseconds tcp_timeout) {
  return "-c statement_timeout=" + in_ms(options.statement_timeout) +
         " -c lock_timeout=" + in_ms(options.statement_timeout / 4) +
         " -c idle_in_transaction_session_timeout=3000"
         " -c client_connection_check_interval=500"
         " -c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
         " -c tcp_user_timeout=" +
         in_ms(tcp_timeout) +
         " -c default_transaction_isolation=read\\ committed"
         " -c TimeZone=UTC" +
         (options.of_authors ? "" : planner_settings);
}

}  // namespace

conninfo::conninfo(const std::string& text) {
  char* reason = nullptr;
  parsed_options parsed{PQconninfoParse(text.c_str(), &reason), PQconninfoFree};
  // libpq's reason quotes the text, and with it perhaps a password: it is not repeated.
  PQfreemem(reason);
  if (!parsed)
    throw store_error(errc::bad_request,
                      "the database address is not one that libpq understands; write for example "
                      "postgresql://USER@HOST:5432/DBNAME");
  for (auto* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) given_[option->keyword] = option->val;
}

std::string conninfo::with(const session_options& options) const {
  using namespace std::chrono_literals;
  const auto tcp_timeout = std::clamp<milliseconds>(options.statement_timeout, 500ms, 3000ms);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout);
  auto all = given_;
  all["client_encoding"] = "UTF8";
  // The server reads -c settings from left to right: what the user says comes last, and wins.
  all["options"] = server_settings(options, tcp_timeout) + " " + get("options");
  if (get("connect_timeout").empty()) all["connect_timeout"] = std::to_string(seconds.count());
  all.emplace("fallback_application_name", options.application);
  all.emplace("keepalives", "1");
  all.emplace("keepalives_idle", "2");
  all.emplace("keepalives_interval", "1");
  all.emplace("keepalives_count", "3");
  all.emplace("tcp_user_timeout", in_ms(tcp_timeout));
  // Of several hosts, the one that takes writes.
  if (!given_.contains("target_session_attrs") && get("target_session_attrs") == "any")
    all["target_session_attrs"] = "read-write";

  std::string text;
  for (const auto& [keyword, value] : all) text += keyword + "=" + quoted(value) + " ";
  return text;
}

std::vector<conninfo> conninfo::hosts() const {
  const auto wanted = get("target_session_attrs");
  if (wanted != "read-write" && wanted != "primary" &&
      (wanted != "any" || given_.contains("target_session_attrs")))
    return {*this};
  const auto names = items_of(get("host"));
  const auto addresses = items_of(get("hostaddr"));
  const auto ports = items_of(get("port"));
  const auto count = std::max(names.size(), addresses.size());
  if (count == 1) return {*this};
  std::vector<conninfo> each;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = *this;
    for (const auto& [keyword, values] :
         {std::pair{"host", names}, {"hostaddr", addresses}, {"port", ports}}) {
      if (values.size() == count)
        one.given_[keyword] = values[i];
      else if (values.size() > 1)
        return {*this};  // libpq says what is wrong with it
    }
    each.push_back(std::move(one));
  }
  return each;
}

std::string conninfo::address() const {
  auto host = get("host");
  if (host.empty()) host = get("hostaddr");
  const auto user = get("user");
  auto name = get("dbname");
  if (name.empty()) name = user;
  auto text = "postgresql://" + (user.empty() ? "" : user + "@");
  if (host.empty()) return text + "/" + name;
  if (host.front() == '/')  // the directory of a socket
    return text + "/" + name + "?host=" + host + "&port=" + get("port");
  const auto hosts = items_of(host);
  const auto ports = items_of(get("port"));
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& port = i < ports.size() ? ports[i] : ports.back();  // one may be that of all
    text += (i > 0 ? "," : "") + hosts[i] + (port.empty() ? "" : ":" + port);
  }
  return text + "/" + name;
}

std::string conninfo::get_given(const std::string& keyword) const {
  auto found = given_.find(keyword);
  return found == given_.end() ? "" : found->second;
}

std::string conninfo::get(const std::string& keyword) const {
  if (auto found = given_.find(keyword); found != given_.end()) return found->second;
  parsed_options defaults{PQconndefaults(), PQconninfoFree};
  for (auto* option = defaults.get(); option && option->keyword != nullptr; ++option)
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  return {};
}

}  // namespace partita::postgres
