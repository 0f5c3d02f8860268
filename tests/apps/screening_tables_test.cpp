#include "apps/jobs/sanctions_screening/tables.hpp"

#include <catch2/catch.hpp>

#include <utility>

#include "apps/testing/testing.hpp"

using namespace partita;

namespace {

/// Makes the tables once more, and executes statements in one transaction.
job statements(const std::vector<std::string>& all) {
  return job{"statements"}.step(partitioned{"all"}
                                    .split([](split_context&) {
                                      return std::vector<partition>{{"all", nullptr}};
                                    })
                                    .each([all](partition_context& p) {
                                      p.transaction(nullptr, [&](sql_transaction& tx) {
                                        for (const auto& one :
                                             screening::create_tables(tx.dialect()))
                                          tx.execute(one);
                                        for (const auto& one : all) tx.execute(one);
                                      });
                                    }));
}

test::partition_run run_over_tables(const std::vector<std::string>& all) {
  return test::run_partition(statements(all), "all", {"all", nullptr},
                             {.tables = screening::create_tables("sqlite")});
}

const std::string payment =
    "INSERT INTO screening_transaction (id, run_id, line, payment_code, payment_date, amount,"
    " ordering_sort_code, ordering_account, beneficiary_account, ordering_name, ordering_address,"
    " beneficiary_name, beneficiary_address, beneficiary_sort_code, payment_details,"
    " transaction_code, client_bank_information) VALUES (10000000002, 1, 2, 110, '2026-01-31',"
    " '99999999999999999', '1', '2', '3', 'Ada', 'Long Street', 'Bo', 'Short Lane', '4', 'rent',"
    " '51', '')";
const std::string entity = "INSERT INTO screening_entity (uid, run_id, name) VALUES (7, 1, 'ABEL')";
const std::string match = "INSERT INTO screening_match VALUES (10000000002, 7)";

std::vector<sql_row> preview(const test::partition_run& done) {
  return done.query(
      "SELECT beneficiary_name, ordering_party_name, beneficiary_address, ordering_party_address,"
      " sdn_name, sdn_address, sdn_city, country, sdn_alternate_name FROM screening_preview"
      " ORDER BY sdn_city, sdn_alternate_name");
}

}  // namespace

TEST_CASE("the id of a payment is made of its run and its line") {
  CHECK(screening::transaction_id(1, 2) == 10'000'000'002);
  CHECK(screening::transaction_id(12, 9'999'999'999) == 129'999'999'999);
  CHECK_THROWS_AS(screening::transaction_id(0, 1), permanent_error);
  CHECK_THROWS_AS(screening::transaction_id(1, 0), permanent_error);
  CHECK_THROWS_AS(screening::transaction_id(1, 10'000'000'000), permanent_error);
  CHECK_THROWS_AS(screening::transaction_id(1'000'000'000, 1), permanent_error);
}

TEST_CASE("the preview has a row for each address and alternate name of a match") {
  using rows = std::vector<sql_row>;
  const auto row = [](sql_value address, sql_value city, sql_value country, sql_value alias) {
    return sql_row{"Bo",
                   "Ada",
                   "Short Lane",
                   "Long Street",
                   "ABEL",
                   std::move(address),
                   std::move(city),
                   std::move(country),
                   std::move(alias)};
  };
  CHECK(preview(run_over_tables({payment, entity})).empty());
  CHECK(preview(run_over_tables({payment, entity, match})) ==
        rows{row(nullptr, nullptr, nullptr, nullptr)});
  const std::string addresses =
      "INSERT INTO screening_address VALUES (1, 7, 1, 'Old Street', 'A', 'Borland', NULL),"
      " (1, 7, 2, NULL, 'B', NULL, NULL), (1, 8, 1, NULL, 'C', NULL, NULL),"
      " (2, 7, 3, NULL, 'D', NULL, NULL)";  // the last one is of another run
  const auto more =
      run_over_tables({payment, entity, match, addresses,
                       "INSERT INTO screening_alternate_name VALUES (1, 7, 1, 'aka', 'ABEL, A.')"});
  CHECK(preview(more) == rows{row("Old Street", "A", "Borland", "ABEL, A."),
                              row(nullptr, "B", nullptr, "ABEL, A.")});
}

TEST_CASE("a payment begins LOADED and keeps all of its digits") {
  const auto done = run_over_tables({payment});
  CHECK(done.query("SELECT status, amount FROM screening_transaction") ==
        std::vector<sql_row>{{"LOADED", std::int64_t{99'999'999'999'999'999}}});
  CHECK_THROWS_AS(run_over_tables({payment, "UPDATE screening_transaction SET status = 'GONE'"}),
                  constraint_error);
}

TEST_CASE("a match is there once") {
  CHECK_THROWS_AS(run_over_tables({payment, entity, match, match}), constraint_error);
}
