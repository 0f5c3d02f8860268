#include "storage/postgres/replicas.hpp"

#include <algorithm>

namespace partita::postgres {

namespace {

const std::string what = "replicas";

std::string names_of(const std::vector<replication::standby>& standbys, bool synchronous) {
  std::string names;
  for (const auto& s : standbys) {
    const auto is_synchronous = s.state == "sync" || s.state == "quorum" || s.state == "potential";
    if (!s.state.empty() && is_synchronous == synchronous)
      names += (names.empty() ? "" : ", ") + s.name;
  }
  return names;
}

std::string counted(std::size_t n) {
  return n == 1 ? "the standby is" : "the " + std::to_string(n) + " standbys are";
}

}  // namespace

diagnosis judge(const replication& found) {
  const auto& standbys = found.standbys;
  if (found.is_standby)
    return {health::note, what, "this server is a standby: only its primary knows what is safe",
            "run it again with an address that leads to the primary"};
  if (standbys.empty() && found.synchronous_names.empty()) {
    if (!found.address_has_others)
      return {health::fine, what, "no server streams from this one", ""};
    return {health::note, what, "the address names several hosts, and none streams from this one",
            "start the standbys: else a failover finds nothing to go on with"};
  }
  if (found.synchronous_names.empty())
    return {
        health::unsafe, what,
        counted(standbys.size()) + " asynchronous: a failover loses commits that were acknowledged",
        "set synchronous_standby_names = 'ANY 1 (NAME, …)', the application_name of each "
        "standby; with one standby, commits wait while it is away"};
  if (found.synchronous_commit == "local" || found.synchronous_commit == "off")
    return {health::unsafe, what,
            "synchronous_commit = " + found.synchronous_commit +
                ": a commit is acknowledged before a standby has it, and a failover may lose it",
            "set it to on, for the server, this database and this role"};
  const auto asynchronous = names_of(standbys, false);
  const auto synchronous = names_of(standbys, true);
  const auto visible =
      std::all_of(standbys.begin(), standbys.end(), [](const auto& s) { return !s.state.empty(); });
  if (standbys.empty() || (visible && synchronous.empty()))
    return {health::unsafe, what,
            "synchronous_standby_names = " + found.synchronous_names +
                ", and none of these streams: every commit waits for one",
            "start a standby whose application_name is in the list"};
  if (found.synchronous_commit == "remote_write")
    return {health::note, what,
            "synchronous_commit = remote_write: a commit is lost if the primary and the machine of "
            "a standby fail together",
            "set it to on"};
  if (!visible)
    return {health::note, what, "this role cannot see which standbys are synchronous",
            "GRANT pg_read_all_stats to a role, and run it again as this role"};
  if (!asynchronous.empty())
    return {health::note, what,
            "a commit waits for one of " + synchronous + "; asynchronous: " + asynchronous,
            "never fail over to an asynchronous standby: it may lack acknowledged commits"};
  return {health::fine, what,
          "a commit is acknowledged when a standby has it on disk (" + synchronous + ")", ""};
}

}  // namespace partita::postgres
