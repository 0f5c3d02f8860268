#include "storage/postgres/examine.hpp"

#include <cmath>
#include <cstdlib>

#include "storage/clock.hpp"
#include "storage/postgres/asked_settings.hpp"
#include "storage/postgres/replicas.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements/history.hpp"
#include "storage/postgres/statements/schema.hpp"

namespace partita::postgres {

namespace {

using diagnoses = std::vector<diagnosis>;

bool is_local(const std::string& host) {
  return host.empty() || host.front() == '/' || host == "localhost" || host == "127.0.0.1" ||
         host == "::1";
}

/// Every host of a list, which libpq tries one after the other.
bool all_local(const std::string& hosts) {
  for (std::size_t at = 0; at <= hosts.size();) {
    const auto comma = std::min(hosts.find(',', at), hosts.size());
    if (!is_local(hosts.substr(at, comma - at))) return false;
    at = comma + 1;
  }
  return true;
}

std::string hosts_of(const conninfo& where) {
  return where.get("host").empty() ? where.get("hostaddr") : where.get("host");
}

std::string readable(const std::string& hosts) {
  std::string text;
  for (char c : hosts) text += c == ',' ? std::string{", "} : std::string{c};
  return text;
}

void examine_link(pqxx::transaction_base& tx, const conninfo& where, diagnoses& all) {
  const auto row = tx.exec_params1(sql::examine_link);
  const auto encrypted = row["ssl"].as<bool>();
  const std::string now = encrypted
                              ? std::string{row["version"].c_str()} + ", " + row["cipher"].c_str()
                              : "not encrypted";
  const auto host = hosts_of(where);
  const auto mode = where.get("sslmode");
  if (all_local(host))
    all.push_back({health::fine, "link", "on this machine; " + now, ""});
  else if (mode != "verify-full")
    all.push_back({health::unsafe, "link",
                   "to " + readable(host) + " with sslmode=" + mode + ": " + now +
                       ", and whoever is in between can pose as the server",
                   "put sslmode=verify-full&sslrootcert=FILE in the address"});
  else
    all.push_back(
        {health::fine, "link", "to " + readable(host) + " with sslmode=verify-full: " + now, ""});
}

/// Only superusers see the rules of pg_hba.conf: a role with no more rights than it needs does not.
void examine_login(pqxx::transaction_base& tx, const conninfo& where, diagnoses& all) {
  if (!tx.exec_params1(sql::may_see_login_rules)[0].as<bool>()) {
    all.push_back({health::note, "login", "this role cannot see pg_hba.conf",
                   "look there for lines that say trust, password or md5"});
  } else {
    std::string weak;
    for (const auto& row : tx.exec_params(sql::weak_login_rules))
      weak += (weak.empty() ? "" : ", ") + std::string{row[0].c_str()};
    if (weak.empty())
      all.push_back({health::fine, "login", "pg_hba.conf lets nobody in without proof", ""});
    else
      all.push_back({health::unsafe, "login", "pg_hba.conf has weak rules: " + weak,
                     "let them say scram-sha-256 or cert"});
  }
  if (!where.get_given("password").empty())
    all.push_back({health::note, "login", "the address holds the password",
                   "keep it in PGPASSFILE, a file only its user can read"});
  auto file = where.get("passfile");
  if (const auto* home = std::getenv("HOME"); file.empty() && home != nullptr)
    file = std::string{home} + "/.pgpass";
  for (auto& d : examine_file("password file", file, true)) all.push_back(std::move(d));
}

void examine_role(pqxx::transaction_base& tx, diagnoses& all) {
  const auto row = tx.exec_params1(sql::examine_role);
  const std::string name = row["name"].c_str();
  const std::string advice =
      "let nodes log in as members of partita_node; see `partita schema roles`";
  if (row["superuser"].as<bool>())
    all.push_back({health::unsafe, "role", name + " is a superuser", advice});
  else if (row["owner"].as<bool>())
    all.push_back({health::unsafe, "role", name + " owns the tables, and may drop them", advice});
  else if (row["rewrites"].as<bool>())
    all.push_back({health::unsafe, "role", name + " may change the event log", advice});
  else
    all.push_back({health::fine, "role", name + " has no more rights than it should", ""});
  if (row["anybody_creates"].as<bool>())
    all.push_back({health::note, "role", "anybody may create tables in the schema public",
                   "REVOKE CREATE ON SCHEMA public FROM PUBLIC"});
}

void examine_durability(pqxx::transaction_base& tx, diagnoses& all) {
  const auto before = all.size();
  for (const auto& row : tx.exec_params(sql::unsafe_settings))
    all.push_back({health::unsafe, "durability",
                   std::string{row[0].c_str()} + " = " + row[1].c_str() +
                       ": a crash of the server loses what was acknowledged",
                   "set it back, for the server, this database and this role"});
  for (const auto& row : tx.exec_params(sql::unlogged_tables))
    all.push_back({health::unsafe, "durability",
                   std::string{row[0].c_str()} + " is UNLOGGED: a crash of the server empties it",
                   "ALTER TABLE " + std::string{row[0].c_str()} + " SET LOGGED"});
  if (all.size() == before)
    all.push_back({health::fine, "durability", "a commit is on disk when it is acknowledged", ""});
}

void examine_history(pqxx::transaction_base& tx, diagnoses& all) {
  if (!tx.exec_params1(sql::has_schema)["tables"].as<bool>()) return;
  const auto at = tx.exec_params1(sql::last_loss)["at"];
  if (at.is_null())
    all.push_back({health::fine, "history", "no process missed what was acknowledged to it", ""});
  else
    all.push_back({health::unsafe, "history",
                   std::string{"lost at "} + at.c_str() +
                       ": a server was promoted that had not received everything",
                   "let commits wait for a standby: synchronous_standby_names; see the README"});
}

/// A pooler may drop what a session asks for when it connects.
void examine_session(pqxx::transaction_base& tx, const conninfo& where, diagnoses& all) {
  const auto tcp = tx.exec_params1(sql::is_through_tcp)[0].as<bool>();
  auto asked = parse_options(conninfo{where.with({})}.get_given("options"));
  std::erase_if(asked, [&](const auto& a) { return !tcp && a.name.starts_with("tcp_"); });
  std::string names;
  for (const auto& a : asked) names += (names.empty() ? "" : ",") + a.name;
  std::vector<session_setting> found;
  for (const auto& row : tx.exec_params(sql::read_settings, names))
    found.push_back({row["name"].c_str(), row["setting"].c_str(), row["shown"].c_str()});
  std::string lost;
  for (const auto& name : not_in_effect(asked, found)) lost += (lost.empty() ? "" : ", ") + name;
  if (lost.empty())
    all.push_back({health::fine, "session", "it has the settings it asked for", ""});
  else
    all.push_back({health::unsafe, "session",
                   "settings that were asked for are not in effect; a pooler dropped them: " + lost,
                   "give them to the role that logs in: `partita schema roles` prints how"});
}

void examine_replicas(pqxx::transaction_base& tx, const conninfo& where, diagnoses& all) {
  const auto row = tx.exec_params1(sql::examine_replication);
  replication found;
  found.is_standby = row["is_standby"].as<bool>();
  found.synchronous_names = row["names"].c_str();
  found.synchronous_commit = row["acknowledged"].c_str();
  found.address_has_others = hosts_of(where).find(',') != std::string::npos;
  for (const auto& standby : tx.exec_params(sql::list_standbys))
    found.standbys.push_back({standby["name"].c_str(), standby["state"].c_str()});
  all.push_back(judge(found));
}

void examine_clock(pqxx::transaction_base& tx, diagnoses& all) {
  const auto sent = wall_now();
  const auto there = time_of(tx.exec_params1(sql::read_clock)[0]);
  const auto skew = there - (sent + (wall_now() - sent) / 2);
  const auto ms = std::chrono::duration_cast<milliseconds>(skew).count();
  all.push_back({std::abs(ms) > 1000 ? health::note : health::fine, "clock",
                 "the server's is " + std::to_string(std::abs(ms)) + " ms " +
                     (ms < 0 ? "behind" : "ahead of") + " this machine's",
                 std::abs(ms) > 1000 ? "nothing breaks, but times in logs differ" : ""});
}

}  // namespace

diagnoses examine(pqxx::transaction_base& tx, const conninfo& where) {
  diagnoses all;
  examine_link(tx, where, all);
  examine_login(tx, where, all);
  examine_role(tx, all);
  examine_durability(tx, all);
  examine_history(tx, all);
  examine_replicas(tx, where, all);
  examine_session(tx, where, all);
  examine_clock(tx, all);
  return all;
}

}  // namespace partita::postgres
