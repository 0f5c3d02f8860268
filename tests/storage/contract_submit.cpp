#include <cmath>
#include <random>

#include "batch/description.hpp"
#include "batch/submit.hpp"
#include "tests/support/ledger.hpp"

using namespace partita;
using namespace partita::test;

namespace {

job payroll(int version) {
  return job{"payroll"}
      .version(version)
      .parameter<std::int64_t>("year", required)
      .parameter<std::string>("country", default_value{std::string{"de"}})
      .parameter<double>("rate", default_value{1.0})
      .parameter<bool>("dry", default_value{false}, non_identifying)
      .parameter<std::filesystem::path>("file")
      .parameter<std::string>("mode", one_of{"fast", "safe"}, default_value{std::string{"safe"}})
      .step(partitioned{"pay"}
                .split([](split_context&) { return std::vector<partition>{}; })
                .each([](partition_context&) {}));
}

/// An attempt whose author submits runs of another job.
struct submits : ledger {
  submits() {
    if (!knows_sql()) return;
    if (on->name() == "postgres")
      on->tamper("GRANT EXECUTE ON FUNCTION partita.submit(text, jsonb, text) TO PUBLIC");
    for (const int version : {2, 3}) {
      const auto known = payroll(version);
      db->register_node(
          {"b", "host", 1, 1, "0.1.0", {known.ref()}, {{known.ref(), describe(known).dump()}}});
    }
    grant = one();
  }

  void write(const std::function<void(sql_transaction&)>& work) {
    db->commit_chunk(grant.lease, 0, upto(seq, seq + 1, seq + 1),
                     [&](sql_transaction& tx, chunk&) { work(tx); });
    ++seq;
  }

  run_id submitted(const json& parameters, const std::string& key = "") {
    run_id made;
    write([&](sql_transaction& tx) { made = submit(tx, "payroll", parameters, key); });
    return made;
  }

  /// As a program in another language asks.
  static void submit_by_sql(sql_transaction& tx, const std::string& of, const json& parameters,
                            const std::string& key) {
    tx.query("SELECT partita.submit($1, CAST($2 AS jsonb), $3)", of, parameters.dump(), key);
  }

  /// Nothing is submitted, nothing of the transaction stands, and this is a part of the reason.
  void check_refused(const std::string& of, const json& parameters, const std::string& part,
                     const std::string& key = "") {
    CAPTURE(parameters.dump());
    const auto before = db->list_runs(1000, {}).size();
    const auto check = [&](const auto& how) {
      std::string why;
      try {
        write([&](sql_transaction& tx) { how(tx, of, parameters, key); });
      } catch (const sql_error& e) {
        why = e.what();
      } catch (const definition_error& e) {
        why = e.what();
      }
      CHECK_THAT(why, Catch::Contains(part));
    };
    check(submit);
    if (on->name() == "postgres") check(submit_by_sql);
    CHECK(db->list_runs(1000, {}).size() == before);
  }

  lease_grant grant;
  std::int64_t seq = 0;
};

}  // namespace

TEST_CASE_METHOD(submits, "a run that an author submits stands if the transaction does") {
  if (!knows_sql()) return;
  const auto before = events(event::run_submitted).size();
  run_id made;
  write([&](sql_transaction& tx) {
    made = submit(tx, "payroll", {{"year", 2026}});
    tx.execute("INSERT INTO ledger VALUES ($1, 'paid')", made.value);
  });
  CHECK(items(grant) == std::vector<std::int64_t>{made.value});
  const auto row = run(made);
  CHECK(row.job == job_ref{"payroll", 3});
  CHECK(row.state == run_state::created);
  CHECK(row.parameters == R"({"country":"de","dry":false,"mode":"safe","rate":1.0,"year":2026})");
  CHECK(row.identity == R"({"country":"de","mode":"safe","rate":1.0,"year":2026})");
  REQUIRE(events(event::run_submitted).size() == before + 1);
  CHECK(events(event::run_submitted).back().run == made);
  CHECK(events(event::run_submitted).back().detail == R"({"job":"payroll"})");

  CHECK_THROWS_WITH(write([&](sql_transaction& tx) {
                      submit(tx, "payroll", {{"year", 2027}});
                      throw std::runtime_error("the author's own");
                    }),
                    "the author's own");
  write([&](sql_transaction& tx) {
    CHECK_THROWS_AS(tx.attempt([&] {
      submit(tx, "payroll", {{"year", 2028}});
      tx.execute("INSERT INTO ledger VALUES (-1, 'no')");
    }),
                    constraint_error);
    submit(tx, "payroll", {{"year", 2029}});
  });
  CHECK(events(event::run_submitted).size() == before + 2);
  CHECK(run(db->list_runs(1, {}).at(0).id).parameters ==
        R"({"country":"de","dry":false,"mode":"safe","rate":1.0,"year":2029})");
}

TEST_CASE_METHOD(submits, "the same key finds the same run, and the same work is refused") {
  if (!knows_sql()) return;
  const auto first = submitted({{"year", 1}}, "mine");
  CHECK(submitted({{"year", 1}}, "mine") == first);
  const auto its_id = std::to_string(first.value);
  check_refused("payroll", {{"year", 2}}, "the launch key mine belongs to run " + its_id, "mine");
  check_refused(
      "payroll", {{"year", 1}},
      "run " + its_id + " of job payroll with the same identifying parameters is CREATED");
  db->request_stop(first, stop_mode::stop);
  CHECK(submitted({{"year", 1}}, "mine") == first);
  CHECK(submitted({{"year", 1}}) != first);
}

TEST_CASE_METHOD(submits, "what cannot be is refused in a sentence with every problem") {
  if (!knows_sql()) return;
  check_refused("payrol", {}, "no node has told of a job payrol");
  check_refused("payroll", json::array({1}), "parameters are an object of names and values");
  const json wrong{
      {"year", "next"}, {"rate", "1e999"}, {"dry", "maybe"}, {"mode", "slow"}, {"yaer", 1}};
  for (const auto* part :
       {"parameter year=next is not an integer", "parameter rate=1e999 is not a number",
        "parameter dry=maybe is not a boolean", "parameter mode=slow is none of fast, safe",
        "there is no parameter yaer"})
    check_refused("payroll", wrong, part);
  check_refused("payroll", {{"year", 1}, {"country", std::string(70'000, 'x')}},
                " bytes, more than the 65536 a run may have");
  check_refused("payroll", {{"country", "x"}}, "parameter year is missing");
}

TEST_CASE_METHOD(submits, "outside a transaction that writes nothing is submitted") {
  if (!knows_sql()) return;
  const auto statement = on->name() == "postgres"
                             ? R"(SELECT partita.submit('payroll', '{"year": 1}'))"
                             : R"(SELECT partita_submit('payroll', 3, '{}', '{}', 'k'))";
  CHECK_THROWS_AS(asked(grant, statement), sql_error);
  CHECK(events(event::run_submitted).size() == 1);  // of the attempt itself
}

TEST_CASE_METHOD(submits, "PostgreSQL writes parameters as the program does") {
  if (on->name() != "postgres") return;
  const auto specs = payroll(3).parameter_specs();
  std::minstd_rand random{7};
  const auto pick = [&](const std::vector<json>& from) { return from[random() % from.size()]; };
  const std::vector<json> integers{0, -1, 7, "007", "-0", "9223372036854775807", INT64_MIN};
  const std::vector<json> texts{"", "a b", "ü𝄞", "\"q\" \\ / \b\f\n\r\t\x01\x1f\x7f", "5", "null"};
  const std::vector<json> booleans{true, false, "yes", "no", "1", "0", "true", "false", nullptr};
  const std::vector<json> paths{"/", "/a", "/a/b.c", "/a b/ü/", "/.a/..b", nullptr};
  const auto number = [&]() -> json {
    const auto digits =
        static_cast<double>(static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000);
    const std::vector<json> all{0.0,    "-0", 1.5,  "2",    "-3.25", 0.1,    1e14,   1e15,  1e16,
                                123456, 1e-4, 1e-5, 1e-300, "1E5",   "1.e2", ".5e1", 1e300, 2.5e-7};
    return random() % 2 == 0 ? pick(all) : json(digits * std::pow(10, int(random() % 40) - 20));
  };
  write([&](sql_transaction& tx) {
    for (int i = 0; i < 300; ++i) {
      json given{{"year", pick(integers)},
                 {"country", pick(texts).get<std::string>() + std::to_string(i)},
                 {"rate", number()},
                 {"dry", pick(booleans)},
                 {"file", pick(paths)}};
      if (random() % 3 == 0) given.erase("rate");
      CAPTURE(given.dump());
      const auto expected = checked_values("payroll", specs, given);
      tx.attempt([&] {
        submit_by_sql(tx, "payroll", given, "");
        const auto row =
            tx.query("SELECT parameters, identity FROM partita.run ORDER BY run_id DESC LIMIT 1");
        CHECK(std::get<std::string>(row.at(0).at(0)) == expected.dump());
        CHECK(std::get<std::string>(row.at(0).at(1)) == identity_of(specs, expected));
      });
    }
  });
}

TEST_CASE_METHOD(submits, "who calls a function gets no more rights by what its own session has") {
  if (on->name() != "postgres") return;
  write([&](sql_transaction& tx) {
    const auto open = tx.query(
        "SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p"
        " WHERE p.pronamespace = 'partita'::regnamespace AND p.prosecdef AND NOT coalesce("
        "'search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)");
    CHECK(open.empty());
    CHECK(tx.query("SELECT 1 FROM pg_catalog.pg_proc p WHERE p.prosecdef"
                   " AND p.pronamespace = 'partita'::regnamespace")
              .size() >= 3);
  });
}
