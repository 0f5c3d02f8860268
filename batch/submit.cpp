#include "batch/submit.hpp"

#include <random>

#include "batch/description.hpp"

namespace partita {

namespace {

run_id only_id(const std::vector<sql_row>& rows) {
  return run_id{std::get<std::int64_t>(rows.at(0).at(0))};
}

}  // namespace

std::string random_launch_key(const std::string& prefix) {
  std::random_device bits;
  auto key = prefix;
  for (int i = 0; i < 4; ++i) key += "-" + std::to_string(bits());
  return key;
}

run_id submit(sql_transaction& tx, const std::string& job, const json& parameters,
              const std::string& key) {
  const bool on_postgres = tx.dialect() == "postgresql";
  const std::string table = on_postgres ? "partita.job" : "partita_job";
  const auto known = tx.query("SELECT version, description FROM " + table +
                                  " WHERE name = $1 ORDER BY version DESC LIMIT 1",
                              job);
  if (known.empty()) throw definition_error("no node has told of a job " + job);
  const auto described = json::parse(std::get<std::string>(known[0][1]), nullptr, false);
  const auto specs = parameters_of(described);
  const auto values = checked_values(job, specs, parameters);
  if (on_postgres)  // checks them too: it is for those, too, who have no such code
    return only_id(
        tx.query("SELECT partita.submit($1, CAST($2 AS jsonb), $3)", job, values.dump(), key));
  return only_id(tx.query(
      "SELECT partita_submit($1, $2, $3, $4, $5)", job, std::get<std::int64_t>(known[0][0]),
      values.dump(), identity_of(specs, values), key.empty() ? random_launch_key("sql") : key));
}

}  // namespace partita
