#include "storage/postgres/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

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

std::string in_ms(milliseconds wait) { return std::to_string(std::max<long>(1, wait.count())); }

/// Bounds on how long one statement, one lock, one silent client or one dead link can hold us or
/// others up; and READ COMMITTED whatever the role's default, because the statements rely on it.
/// A lock is given up early enough to be tried again within the time of one statement. The server
/// probes us too, so that what a client has locked that is cut off does not stay locked. No
/// bitmaps: until a table has statistics the planner takes a step for a few rows, and where an
/// index gives a page of results in order it would collect all results of the step and sort them.
/// No scans of tables that have an index for it: a plan that is kept was made when they were empty.
/// And plans are kept from the first time on: hundreds of sessions that plan each statement five
/// times and more, to compare, took the server longer than all they asked for.
std::string server_settings(const session_options& options, milliseconds tcp_timeout) {
  return "-c statement_timeout=" + in_ms(options.statement_timeout) +
         " -c lock_timeout=" + in_ms(options.statement_timeout / 4) +
         " -c idle_in_transaction_session_timeout=3000"
         " -c client_connection_check_interval=500"
         " -c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
         " -c tcp_user_timeout=" +
         in_ms(tcp_timeout) +
         " -c default_transaction_isolation=read\\ committed"
         " -c TimeZone=UTC"
         " -c enable_bitmapscan=off"
         " -c enable_seqscan=off"
         " -c plan_cache_mode=force_generic_plan"
         " -c jit=off";
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
  return text + host + ":" + get("port") + "/" + name;
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
