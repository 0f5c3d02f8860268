#include "apps/jobs/sanctions_screening/tables.hpp"

#include <limits>
#include <string>

#include "batch/errors.hpp"

namespace partita::screening {

namespace {

constexpr std::int64_t most_lines = 10'000'000'000;

// clang-format off
// Dates and digits are text. NUMERIC(19, 2) is exact on PostgreSQL, and on SQLite up to 2^63.
constexpr std::string_view transaction_table = R"sql(
CREATE TABLE IF NOT EXISTS screening_transaction (
  id                      BIGINT NOT NULL PRIMARY KEY,
  run_id                  BIGINT NOT NULL,
  line                    BIGINT NOT NULL,
  status                  TEXT NOT NULL DEFAULT 'LOADED'
                          CHECK (status IN ('LOADED', 'SUSPENDED', 'ACCEPTED')),
  payment_code            BIGINT NOT NULL,
  payment_date            TEXT NOT NULL,
  amount                  NUMERIC(19, 2) NOT NULL,
  ordering_sort_code      TEXT NOT NULL,
  ordering_account        TEXT NOT NULL,
  beneficiary_account     TEXT NOT NULL,
  ordering_name           TEXT NOT NULL,
  ordering_address        TEXT NOT NULL,
  beneficiary_name        TEXT NOT NULL,
  beneficiary_address     TEXT NOT NULL,
  beneficiary_sort_code   TEXT NOT NULL,
  payment_details         TEXT NOT NULL,
  transaction_code        TEXT NOT NULL,
  client_bank_information TEXT NOT NULL
))sql";

// The payments of a run that are still to be screened, in the order of their ids.
constexpr std::string_view transaction_index = R"sql(
CREATE INDEX IF NOT EXISTS screening_transaction_by_run
  ON screening_transaction (run_id, status, id))sql";

constexpr std::string_view entity_table = R"sql(
CREATE TABLE IF NOT EXISTS screening_entity (
  run_id                   BIGINT NOT NULL,
  uid                      BIGINT NOT NULL,
  name                     TEXT NOT NULL,
  type                     TEXT,
  program                  TEXT,
  title                    TEXT,
  call_sign                TEXT,
  vessel_type              TEXT,
  tonnage                  TEXT,
  gross_registered_tonnage TEXT,
  flag                     TEXT,
  owner                    TEXT,
  info                     TEXT,
  PRIMARY KEY (run_id, uid)
))sql";

constexpr std::string_view address_table = R"sql(
CREATE TABLE IF NOT EXISTS screening_address (
  run_id      BIGINT NOT NULL,
  entity_uid  BIGINT NOT NULL,
  address_uid BIGINT NOT NULL,
  address     TEXT,
  city        TEXT,
  country     TEXT,
  ext         TEXT,
  PRIMARY KEY (run_id, entity_uid, address_uid)
))sql";

constexpr std::string_view alternate_name_table = R"sql(
CREATE TABLE IF NOT EXISTS screening_alternate_name (
  run_id             BIGINT NOT NULL,
  entity_uid         BIGINT NOT NULL,
  alternate_name_uid BIGINT NOT NULL,
  type               TEXT,
  name               TEXT NOT NULL,
  PRIMARY KEY (run_id, entity_uid, alternate_name_uid)
))sql";

// The key is what makes a match unique, whoever finds it how often.
constexpr std::string_view match_table = R"sql(
CREATE TABLE IF NOT EXISTS screening_match (
  transaction_id BIGINT NOT NULL REFERENCES screening_transaction (id) ON DELETE CASCADE,
  sdn_entity_id  BIGINT NOT NULL,
  UNIQUE (transaction_id, sdn_entity_id)
))sql";

constexpr std::string_view match_index = R"sql(
CREATE INDEX IF NOT EXISTS screening_match_by_entity
  ON screening_match (sdn_entity_id))sql";

constexpr std::string_view preview = R"sql( screening_preview AS
SELECT t.beneficiary_name    AS beneficiary_name,
       t.ordering_name       AS ordering_party_name,
       t.beneficiary_address AS beneficiary_address,
       t.ordering_address    AS ordering_party_address,
       e.name                AS sdn_name,
       a.address             AS sdn_address,
       a.city                AS sdn_city,
       a.country             AS country,
       n.name                AS sdn_alternate_name
  FROM screening_match m
  JOIN screening_transaction t ON t.id = m.transaction_id
  JOIN screening_entity e ON e.run_id = t.run_id AND e.uid = m.sdn_entity_id
  LEFT JOIN screening_address a ON a.run_id = e.run_id AND a.entity_uid = e.uid
  LEFT JOIN screening_alternate_name n ON n.run_id = e.run_id AND n.entity_uid = e.uid)sql";
// clang-format on

}  // namespace

std::vector<std::string> create_tables(std::string_view dialect) {
  std::vector<std::string> all;
  for (const auto statement : {transaction_table, transaction_index, entity_table, address_table,
                               alternate_name_table, match_table, match_index})
    all.emplace_back(statement);
  const bool replaces = dialect == "postgresql";
  all.push_back(replaces ? "CREATE OR REPLACE VIEW" : "CREATE VIEW IF NOT EXISTS");
  all.back() += preview;
  return all;
}

std::int64_t transaction_id(std::int64_t run, std::int64_t line) {
  if (line < 1 || line >= most_lines)
    throw permanent_error("line " + std::to_string(line) +
                          " of a file of payments is out of range");
  if (run < 1 || run >= std::numeric_limits<std::int64_t>::max() / most_lines)
    throw permanent_error("run " + std::to_string(run) + " is out of range");
  return run * most_lines + line;
}

}  // namespace partita::screening
