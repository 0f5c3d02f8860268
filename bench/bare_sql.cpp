// What the database itself allows, through the same client library and without an engine: a plain
// loop of transactions that claims and completes no-op partitions. Inserting them is not measured.
//
//   per_row  as most queues do it: UPDATE … SKIP LOCKED claims a batch of rows, another UPDATE
//            completes them
//   range    as Partita does it: a range is cut, a lease row inserted, inputs are read, and the
//            results of the whole lease are inserted with arrays

#include <pqxx/pqxx>
#include <thread>

#include "apps/partita/errors.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"

using namespace partita;
using namespace partita::bench;

namespace {

// The tables have the columns of Partita's, so that a row weighs the same.
constexpr auto tables = R"(
DROP SCHEMA IF EXISTS bare CASCADE;
CREATE SCHEMA bare;
CREATE TABLE bare.job (
  id bigint PRIMARY KEY, key text NOT NULL, input text NOT NULL, state text NOT NULL,
  output text, took_us bigint, claimed_at timestamptz, ended_at timestamptz);
CREATE INDEX job_ready ON bare.job (id) WHERE state = 'READY';
CREATE TABLE bare.partition (
  step_id bigint NOT NULL, no bigint NOT NULL, key text NOT NULL, input text NOT NULL,
  PRIMARY KEY (step_id, no));
CREATE TABLE bare.ready (step_id bigint PRIMARY KEY, lo bigint NOT NULL, hi bigint NOT NULL);
CREATE TABLE bare.lease (
  lease_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, step_id bigint NOT NULL,
  lo bigint NOT NULL, hi bigint NOT NULL, state text NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz);
CREATE TABLE bare.result (
  step_id bigint NOT NULL, no bigint NOT NULL, lease_id bigint NOT NULL, outcome text NOT NULL,
  output text NOT NULL, error text NOT NULL, read_count bigint NOT NULL DEFAULT 0,
  write_count bigint NOT NULL DEFAULT 0, filter_count bigint NOT NULL DEFAULT 0,
  skip_count bigint NOT NULL DEFAULT 0, took_us bigint NOT NULL DEFAULT 0,
  ended_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (step_id, no)))";

std::string array_of(const std::vector<std::string>& values) {
  return "{" + cli::join(values, ",") + "}";
}

void per_row(pqxx::connection& server, int width) {
  server.prepare("claim", R"(
    WITH c AS MATERIALIZED (
      SELECT id FROM bare.job WHERE state = 'READY' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
    UPDATE bare.job j SET state = 'CLAIMED', claimed_at = now() FROM c WHERE j.id = c.id
    RETURNING j.id, j.key, j.input)");
  server.prepare("complete", R"(
    UPDATE bare.job j SET state = 'DONE', output = u.output, took_us = 0, ended_at = now()
    FROM unnest($1::bigint[], $2::text[]) AS u (id, output) WHERE j.id = u.id)");
  for (;;) {
    pqxx::work claiming(server);
    const auto rows = claiming.exec_prepared("claim", width);
    claiming.commit();
    if (rows.empty()) return;
    std::vector<std::string> ids, outputs;
    for (const auto& row : rows) {
      ids.emplace_back(row["id"].c_str());
      outputs.emplace_back("\"null\"");
    }
    pqxx::work completing(server);
    completing.exec_prepared("complete", array_of(ids), array_of(outputs));
    completing.commit();
  }
}

void range_lease(pqxx::connection& server, int width) {
  server.prepare("find", "SELECT lo, hi FROM bare.ready WHERE step_id = 1 FOR UPDATE");
  server.prepare("cut", "UPDATE bare.ready SET lo = $1 WHERE step_id = 1");
  server.prepare("lease",
                 "INSERT INTO bare.lease (step_id, lo, hi, state) "
                 "VALUES (1, $1, $2, 'LIVE') RETURNING lease_id");
  server.prepare("inputs",
                 "SELECT no, key, input FROM bare.partition "
                 "WHERE step_id = 1 AND no BETWEEN $1 AND $2 ORDER BY no");
  server.prepare("lock",
                 "SELECT FROM bare.lease WHERE lease_id = $1 AND state = 'LIVE' "
                 "FOR UPDATE");
  server.prepare("results", R"(
    INSERT INTO bare.result (step_id, no, lease_id, outcome, output, error, took_us)
    SELECT 1, u.no, $1::bigint, 'COMPLETED', u.output, '', u.took
    FROM unnest($2::bigint[], $3::text[], $4::bigint[]) AS u (no, output, took))");
  server.prepare("end",
                 "UPDATE bare.lease SET state = 'DONE', ended_at = now() "
                 "WHERE lease_id = $1");
  for (;;) {
    pqxx::work claiming(server);
    const auto range = claiming.exec_prepared1("find");
    const auto lo = range["lo"].as<std::int64_t>();
    const auto hi = std::min(range["hi"].as<std::int64_t>(), lo + width - 1);
    if (lo > hi) return;
    claiming.exec_prepared0("cut", hi + 1);
    const auto lease = claiming.exec_prepared1("lease", lo, hi)[0].as<std::int64_t>();
    const auto inputs = claiming.exec_prepared("inputs", lo, hi);
    claiming.commit();
    std::vector<std::string> nos, outputs, took;
    for (const auto& row : inputs) {
      nos.emplace_back(row["no"].c_str());
      outputs.emplace_back("\"null\"");
      took.emplace_back("0");
    }
    pqxx::work reporting(server);
    reporting.exec_prepared1("lock", lease);
    reporting.exec_prepared0("results", lease, array_of(nos), array_of(outputs), array_of(took));
    reporting.exec_prepared0("end", lease);
    reporting.commit();
  }
}

void prepare_tables(pqxx::connection& server, std::int64_t count, bool rows) {
  pqxx::nontransaction tx(server);
  tx.exec(tables);
  const auto last = std::to_string(count - 1);
  if (rows) {
    tx.exec("INSERT INTO bare.job SELECT no, '', 'null', 'READY' FROM generate_series(0, " + last +
            ") AS no");
    tx.exec("VACUUM ANALYZE bare.job");
  } else {
    tx.exec("INSERT INTO bare.partition SELECT 1, no, '', 'null' FROM generate_series(0, " + last +
            ") AS no");
    tx.exec("INSERT INTO bare.ready VALUES (1, 0, " + last + ")");
    tx.exec("VACUUM ANALYZE bare.partition");
  }
}

void measure_bare(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto technique = args.one_of("technique", {"per_row", "range"});
  const auto count = args.number("partitions", 1, 100'000'000);
  const auto width = static_cast<int>(args.number("width", 1, 1'000'000));
  const auto clients = static_cast<int>(args.number("clients", 1, 64));
  const auto one_client = technique == "per_row" ? per_row : range_lease;

  std::vector<std::unique_ptr<pqxx::connection>> links;
  for (int i = 0; i < clients; ++i) links.push_back(std::make_unique<pqxx::connection>(url));
  prepare_tables(*links.front(), count, technique == "per_row");
  cost_meter costs(url);
  costs.begin();
  {
    std::vector<std::jthread> threads;
    for (auto& link : links) threads.emplace_back([&] { one_client(*link, width); });
  }
  costs.end();
  const auto in_table = technique == "per_row"
                            ? "SELECT count(*) FROM bare.job WHERE state = 'DONE'"
                            : "SELECT count(*) FROM bare.result";
  const auto done = pqxx::nontransaction(*links.front()).exec1(in_table)[0].as<std::int64_t>();
  if (done != count)
    throw cli::command_error(cli::exit_code::failed, "bench", "partitions were lost");
  document line{{"bench", "bare_sql"},
                {"database", "postgresql"},
                {"technique", technique},
                {"clients", clients},
                {"partitions", count},
                {"width", width},
                {"execute_s", rounded(costs.seconds())},
                {"partitions_per_s", std::llround(static_cast<double>(count) / costs.seconds())}};
  links.clear();
  line.update(costs.figures(static_cast<double>(count), "partition"));
  print(line);
}

}  // namespace

int main(int argc, char** argv) {
  run_program(
      argc, argv,
      {"bare_sql", "what bare SQL allows: the ceiling of claim_throughput (PostgreSQL)",
       database_option() + option_list{{"technique", "NAME", "per_row or range", "", "range"},
                                       {"partitions", "N", "how many", "", "200000"},
                                       {"width", "N", "partitions of one claim", "", "1000"},
                                       {"clients", "N", "connections, a thread each", "", "1"}},
       measure_bare});
}
