#include "apps/jobs/sanctions_screening/sanctions_screening.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/listed.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "apps/jobs/sanctions_screening/tables.hpp"
#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/sql.hpp"

namespace partita {

namespace fs = std::filesystem;
using namespace screening;

namespace {

constexpr int load_interval = 1000;    // lines
constexpr int screen_interval = 100;   // payments
constexpr int decide_interval = 1000;  // payments
constexpr int threads = 8;             // of local_chunking
constexpr int slices = 8;              // of local_partitioning
constexpr int items = 100;             // payments of a partition of remote_chunking
constexpr std::int64_t most_skipped = 1'000'000'000;

std::vector<partition> one_partition(split_context&) { return {{"all", nullptr}}; }

// --- tables

bool has_tables(partition_context& p, std::string_view dialect) {
  const auto* statement = dialect == "postgresql"
                              ? "SELECT 1 WHERE to_regclass('screening_preview') IS NOT NULL"
                              : "SELECT 1 FROM sqlite_master WHERE name = 'screening_preview'";
  return !p.query(statement).empty();
}

/// Where the role may make none, somebody else has made them before.
void make_tables(partition_context& p) {
  std::string dialect;
  p.transaction(nullptr, [&](sql_transaction& tx) { dialect = tx.dialect(); });
  if (has_tables(p, dialect)) return;
  try {
    p.transaction(nullptr, [](sql_transaction& tx) {
      for (const auto& statement : create_tables(tx.dialect())) tx.execute(statement);
    });
  } catch (const permanent_error& e) {  // another run makes them, too
    if (has_tables(p, dialect)) return;
    throw permanent_error(
        "cannot make the tables screening_*; let somebody with the right to do so run this job "
        "once: " +
        std::string{e.what()});
  }
}

// --- load

template <class Read, class Item, class Row>
partitioned load(const std::string& name, const std::string& parameter, Read read,
                 const std::string& table, std::vector<std::string> columns, Row row_of,
                 std::type_identity<Item>) {
  columns.insert(columns.begin(), "run_id");
  const auto rows = [=](partition_context& p) {
    return sql::insert<Item>{table, columns, [row_of, run = p.first_run().value](const Item& one) {
                               auto row = row_of(run, one);
                               row.insert(row.begin(), run);
                               return row;
                             }};
  };
  return partitioned{name}
      .split([=](split_context& s) {
        std::vector<partition> parts;
        for (const auto& slice : csv::split(s.get<fs::path>(parameter), s.slices()))
          parts.push_back({"slice " + std::to_string(parts.size() + 1), slice});
        return parts;
      })
      .scale(remote_partitioning{})
      .each(chunked<Item>{load_interval}
                .read([=](partition_context& p) {
                  const auto file = p.get<fs::path>(parameter);
                  if (p.repeats())
                    throw permanent_error(
                        "lines of " + file.string() +
                        " were let go, and the payments are screened without them already: they"
                        " cannot be loaded later. Mend the file, and submit a new run");
                  return read(file, p.input<csv::slice>());
                })
                .write(rows)
                .skip(on<data_error>(), at_most{"max_skipped"}));
}

sql_value value_of(const std::optional<std::string>& text) {
  return text ? sql_value{*text} : sql_value{nullptr};
}

partitioned load_payments() {
  return load(
      "load_payments", "input", transactions, "screening_transaction",
      {"id", "line", "payment_code", "payment_date", "amount", "ordering_sort_code",
       "ordering_account", "beneficiary_account", "ordering_name", "ordering_address",
       "beneficiary_name", "beneficiary_address", "beneficiary_sort_code", "payment_details",
       "transaction_code", "client_bank_information"},
      [](std::int64_t run, const transaction& t) {
        return sql_row{transaction_id(run, t.line),
                       t.line,
                       t.payment_code,
                       t.payment_date,
                       t.amount,
                       t.ordering_sort_code,
                       t.ordering_account,
                       t.beneficiary_account,
                       t.ordering_name,
                       t.ordering_address,
                       t.beneficiary_name,
                       t.beneficiary_address,
                       t.beneficiary_sort_code,
                       t.payment_details,
                       t.transaction_code,
                       t.client_bank_information};
      },
      std::type_identity<transaction>{});
}

partitioned load_entities() {
  return load(
      "load_entities", "names", entities, "screening_entity",
      {"uid", "name", "type", "program", "title", "call_sign", "vessel_type", "tonnage",
       "gross_registered_tonnage", "flag", "owner", "info"},
      [](std::int64_t, const entity& e) {
        return sql_row{e.uid,
                       e.name,
                       value_of(e.type),
                       value_of(e.program),
                       value_of(e.title),
                       value_of(e.call_sign),
                       value_of(e.vessel_type),
                       value_of(e.tonnage),
                       value_of(e.gross_registered_tonnage),
                       value_of(e.flag),
                       value_of(e.owner),
                       value_of(e.info)};
      },
      std::type_identity<entity>{});
}

partitioned load_addresses() {
  return load(
      "load_addresses", "addresses", addresses, "screening_address",
      {"entity_uid", "address_uid", "address", "city", "country", "ext"},
      [](std::int64_t, const address& a) {
        return sql_row{a.entity_uid,     a.address_uid,       value_of(a.street),
                       value_of(a.city), value_of(a.country), value_of(a.ext)};
      },
      std::type_identity<address>{});
}

partitioned load_alternate_names() {
  return load(
      "load_alternate_names", "alternate_names", alternate_names, "screening_alternate_name",
      {"entity_uid", "alternate_name_uid", "type", "name"},
      [](std::int64_t, const alternate_name& n) {
        return sql_row{n.entity_uid, n.alternate_uid, value_of(n.type), n.name};
      },
      std::type_identity<alternate_name>{});
}

// --- screen

/// A payment that is to be screened.
struct payment {
  std::int64_t id = 0;
  std::string beneficiary, ordering, beneficiary_address, ordering_address;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(payment, id, beneficiary, ordering, beneficiary_address,
                                 ordering_address)
};

/// The entities that it may have to do with.
struct suspicion {
  std::int64_t payment = 0;
  std::vector<std::int64_t> entities;
};

scaling strategy_of(const parameters& given) {
  const auto name = given.get<std::string>("strategy");
  if (name == "local_chunking") return local_chunking{threads};
  if (name == "local_partitioning") return local_partitioning{slices};
  if (name == "remote_chunking") return remote_chunking{items};
  return remote_partitioning{};
}

/// Every n-th payment.
std::vector<partition> every_nth(split_context& s) {
  std::vector<partition> parts;
  for (int i = 0, n = s.slices(); i < n; ++i)
    parts.push_back({"payments " + std::to_string(i) + " modulo " + std::to_string(n),
                     {{"divisor", n}, {"remainder", i}}});
  return parts;
}

auto read_payments(partition_context& p) {
  return sql::keyset<payment>{
      p,
      {"screening_transaction",
       {"id", "beneficiary_name", "ordering_name", "beneficiary_address", "ordering_address"},
       {"id"},
       "run_id = $1 AND id % $2 = $3",
       {p.first_run().value, p.input().at("divisor").get<std::int64_t>(),
        p.input().at("remainder").get<std::int64_t>()}},
      {},
      [](const sql_row& row) {
        const auto text = [&](std::size_t i) { return std::get<std::string>(row[i]); };
        return payment{std::get<std::int64_t>(row[0]), text(1), text(2), text(3), text(4)};
      }};
}

std::optional<suspicion> screen(const listed& list, const payment& one) {
  const parties who{prepare(one.beneficiary), prepare(one.ordering),
                    prepare(one.beneficiary_address), prepare(one.ordering_address)};
  suspicion found{one.id, {}};
  for (const auto& entity : list.entities())
    if (concerns(who, entity)) found.entities.push_back(entity.uid);
  return found.entities.empty() ? std::nullopt : std::optional{std::move(found)};
}

void write_matches(std::span<const suspicion> some, sql_transaction& tx) {
  static const std::vector<std::string> columns{"transaction_id", "sdn_entity_id"};
  static const std::vector<std::string> keys = columns;
  std::vector<sql_row> rows;
  for (const auto& one : some)
    for (const auto uid : one.entities) rows.push_back({one.payment, uid});
  tx.upsert("screening_match", columns, keys, rows);
}

partitioned screen_payments() {
  return partitioned{"screen"}
      .split(every_nth)
      .scale(strategy_of)
      .each(chunked<payment, suspicion>{screen_interval}
                .read(read_payments)
                .process_with([](partition_context& p) {
                  return [&list = p.resource<listed>()](const payment& one) {
                    return screen(list, one);
                  };
                })
                .write([](partition_context&) { return write_matches; }));
}

// --- decide

auto read_loaded(partition_context& p) {
  return sql::keyset<std::int64_t>{
      p,
      {"screening_transaction", {"id"}, {"id"}, "run_id = $1", {p.first_run().value}},
      {},
      [](const sql_row& row) { return std::get<std::int64_t>(row[0]); }};
}

/// The payments of a chunk follow each other.
auto write_states(partition_context& p) {
  return [run = p.first_run().value](std::span<const std::int64_t> some, sql_transaction& tx) {
    tx.execute(
        "UPDATE screening_transaction SET status = CASE WHEN EXISTS"
        " (SELECT 1 FROM screening_match m WHERE m.transaction_id = screening_transaction.id)"
        " THEN 'SUSPENDED' ELSE 'ACCEPTED' END"
        " WHERE run_id = $1 AND id BETWEEN $2 AND $3 AND status = 'LOADED'",
        run, some.front(), some.back());
  };
}

partitioned decide_payments() {
  return partitioned{"decide"}
      .split(one_partition)
      .each(chunked<std::int64_t>{decide_interval}.read(read_loaded).write(write_states));
}

void count(partition_context& p) {
  const auto run = p.first_run().value;
  const auto number = [&](const std::string& statement) {
    return std::get<std::int64_t>(p.query("SELECT count(*) FROM " + statement, run).at(0).at(0));
  };
  const auto payments = number("screening_transaction WHERE run_id = $1");
  const auto listed_entities = number("screening_entity WHERE run_id = $1");
  p.output(
      {{"transactions", payments},
       {"pairs", payments * listed_entities},
       {"matches", number("screening_match JOIN screening_transaction t"
                          " ON t.id = transaction_id WHERE t.run_id = $1")},
       {"suspended", number("screening_transaction WHERE run_id = $1 AND status = 'SUSPENDED'")},
       {"accepted", number("screening_transaction WHERE run_id = $1 AND status = 'ACCEPTED'")}});
}

void tell(const results& all, run_context& run) {
  all.for_each([&](const partition_result& one) { run.result(one.output); });
}

}  // namespace

job sanctions_screening() {
  return job{"sanctions_screening"}
      .about("screens payments against lists of sanctioned entities")
      .parameter<fs::path>("input", required, about{"payments, a file of Elixir-0"})
      .parameter<fs::path>("names", required, about{"list of entities: 12 columns, no header"})
      .parameter<fs::path>("addresses", required, about{"their addresses: 6 columns"})
      .parameter<fs::path>("alternate_names", required, about{"their other names: 4 columns"})
      .parameter<std::string>(
          "strategy", default_value{"remote_partitioning"},
          one_of{"local_chunking", "local_partitioning", "remote_chunking", "remote_partitioning"},
          about{"how the screening is spread"})
      .parameter<std::int64_t>("max_skipped", default_value{0}, non_identifying,
                               about{"lines of each file that may be let go"})
      .check([](const parameters& given) {
        in_range("max_skipped", given.get<std::int64_t>("max_skipped"), 0, most_skipped);
      })
      .resource<listed>([](resource_context& from) { return listed{from}; })
      .step(partitioned{"tables"}.split(one_partition).each(make_tables))
      .step(parallel{flow{load_payments()}, flow{load_entities()}, flow{load_addresses()},
                     flow{load_alternate_names()}})
      .step(screen_payments())
      .step(decide_payments())
      .step(partitioned{"count"}.split(one_partition).each(count).aggregate(tell));
}

}  // namespace partita
