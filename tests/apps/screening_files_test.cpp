#include <catch2/catch.hpp>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "batch/errors.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::screening;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

template <class Rows>
auto all_of(Rows rows) {
  std::vector<typename decltype(rows.next())::value_type> all;
  while (auto one = rows.next()) all.push_back(*std::move(one));
  return all;
}

csv::slice whole(const fs::path& file) { return csv::split(file, 1).front(); }

/// What reading a file with this text says, without the name of the file.
template <class Open>
std::string refusal(Open open, const std::string& text) {
  temp_dir dir;
  const auto file = write_file(dir / "f", text);
  try {
    all_of(open(file, whole(file)));
  } catch (const data_error& e) {
    return std::string{e.what()}.substr(file.string().size() + 2);
  }
  return "none";
}

entity entity_with(std::int64_t uid, std::string name, std::optional<std::string> type,
                   std::string program) {
  entity made;
  made.uid = uid;
  made.name = std::move(name);
  made.type = std::move(type);
  made.program = std::move(program);
  return made;
}

/// A payment with one column replaced.
std::string payment(std::size_t column = 0, const std::string& value = {}) {
  std::vector<std::string> fields{"110",
                                  "20260131",
                                  "12345",
                                  "10300045",
                                  "0",
                                  "\"95103000450000000000000001\"",
                                  "\"1114000020000000000000017\"",
                                  "\"Ada Abel|Long Street 1, 00-001 Town\"",
                                  "\"Bo \"\"B\"\" Co., Ltd.|Short | Lane 2\"",
                                  "0",
                                  "11400002",
                                  "\"rent, March\"",
                                  "",
                                  "",
                                  "\"51\"",
                                  "\"\""};
  if (column > 0) fields[column - 1] = value;
  std::string line;
  for (const auto& field : fields) line += (&field == &fields.front() ? "" : ",") + field;
  return line;
}

}  // namespace

TEST_CASE("names of the list are read as they are published, and reduced") {
  const auto company = entity_with(36, "CARGO LINES", {}, "TRADE");
  auto person = entity_with(66, "ABEL, Ada", "individual", "TRADE");
  person.title = "Director, Cargo \"Lines\"";
  person.info = "DOB 1 Jan 1961.";
  auto vessel = entity_with(137, "SEA STAR", "vessel", "ARMS");
  vessel.call_sign = "X12";
  vessel.vessel_type = "Tug";
  vessel.tonnage = "1,500";
  vessel.gross_registered_tonnage = "900";
  vessel.flag = "Borland";
  vessel.owner = "Cargo Lines";
  const std::string published =
      "36,\"CARGO LINES\",-0- ,\"TRADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n"
      "66,\"ABEL, Ada\",\"individual\",\"TRADE\",\"Director, Cargo \"\"Lines\"\"\",-0- ,-0- ,-0- ,"
      "-0- ,-0- ,-0- ,\"DOB 1 Jan 1961.\"\r\n"
      "137,\"SEA STAR\",\"vessel\",\"ARMS\",-0- ,\"X12\",\"Tug\",\"1,500\",\"900\",\"Borland\","
      "\"Cargo Lines\",-0- \r\n\x1A";
  const std::string reduced =
      "36,\"CARGO LINES\",,\"TRADE\",,,,,,,, \n"
      "66,\"ABEL, Ada\",\"individual\",\"TRADE\",\"Director, Cargo \"\"Lines\"\"\",,,,,,,"
      "\"DOB 1 Jan 1961.\"\n"
      "137,\"SEA STAR\",\"vessel\",\"ARMS\",,\"X12\",\"Tug\",\"1,500\",\"900\",\"Borland\","
      "\"Cargo Lines\", \n\x1A";
  temp_dir dir;
  const auto file = write_file(dir / "sdn.csv", GENERATE_COPY(published, reduced));
  CHECK(all_of(entities(file, whole(file))) == std::vector<entity>{company, person, vessel});
}

TEST_CASE("addresses of the list are read as they are published, and reduced") {
  const auto text =
      GENERATE(as<std::string>{},
               "25,16,\"171 Old Street\",\"Town\",\"Borland\",-0- \r\n36,25,-0- ,-0- ,-0- ,-0- "
               "\r\n36,26,-0- ,\"Town\",-0- ,\"see 25\"\r\n\x1A",
               "25,16,\"171 Old Street\",\"Town\",\"Borland\", \n36,25,,,, \n"
               "36,26,,\"Town\",,\"see 25\"\n\x1A");
  temp_dir dir;
  const auto file = write_file(dir / "add.csv", text);
  const auto read = all_of(addresses(file, whole(file)));
  CHECK(read == std::vector<address>{{25, 16, "171 Old Street", "Town", "Borland", {}},
                                     {36, 25, {}, {}, {}, {}},
                                     {36, 26, {}, "Town", {}, "see 25"}});
  CHECK(read[0].text() == "171 Old Street Town Borland");
  CHECK(read[1].text() == "  ");
  CHECK(read[2].text() == " Town ");
}

TEST_CASE("alternate names are read with and without remarks") {
  const auto text = GENERATE(as<std::string>{},
                             "36,12,\"aka\",\"CARGOLINE\",-0- \r\n36,13,\"fka\",\"SLOW, LINE\","
                             "\"until 1990\"\r\n\x1A",
                             "36,12,\"aka\",\"CARGOLINE\"\n36,13,\"fka\",\"SLOW, LINE\"\n\x1A");
  temp_dir dir;
  const auto file = write_file(dir / "alt.csv", text);
  CHECK(all_of(alternate_names(file, whole(file))) ==
        std::vector<alternate_name>{{36, 12, "aka", "CARGOLINE"}, {36, 13, "fka", "SLOW, LINE"}});
}

TEST_CASE("a malformed line of a list is refused with its place and reason") {
  CHECK(refusal(entities, "1,\"A\",,,,,,,,,,\n2,\"B\"\n") == "line 2: 2 columns instead of 12");
  CHECK(refusal(entities, "x1,\"A\",,,,,,,,,,\n") == "line 1: column 1 (uid) is no number: \"x1\"");
  CHECK(refusal(entities, ",\"A\",,,,,,,,,,\n") == "line 1: column 1 (uid) is no number: \"\"");
  CHECK(refusal(entities, "-1,\"A\",,,,,,,,,,\n") == "line 1: column 1 (uid) is no number: \"-1\"");
  CHECK(refusal(entities, "99999999999999999999,\"A\",,,,,,,,,,\n") ==
        "line 1: column 1 (uid) is too large a number: 99999999999999999999");
  CHECK(refusal(entities, "1,-0- ,,,,,,,,,,\n") == "line 1: column 2 (name) is empty");
  CHECK(refusal(addresses, "1,2,,,\n") == "line 1: 5 columns instead of 6");
  CHECK(refusal(addresses, "1,b,,,,\n") == "line 1: column 2 (address uid) is no number: \"b\"");
  CHECK(refusal(alternate_names, "1,2,\"aka\"\n") == "line 1: 3 columns instead of 4 to 5");
  CHECK(refusal(alternate_names, "1,2,\"aka\",\"\"\n") == "line 1: column 4 (name) is empty");
}

TEST_CASE("a payment is read, its name and address split at the first |") {
  temp_dir dir;
  const auto file = write_file(dir / "p", payment() + "\r\n" + payment(16, "\"paid\"") + "\n");
  const auto read = all_of(transactions(file, whole(file)));
  const transaction expected{.line = 1,
                             .payment_code = 110,
                             .payment_date = "2026-01-31",
                             .amount = "12345",
                             .ordering_sort_code = "10300045",
                             .ordering_account = "95103000450000000000000001",
                             .beneficiary_account = "1114000020000000000000017",
                             .ordering_name = "Ada Abel",
                             .ordering_address = "Long Street 1, 00-001 Town",
                             .beneficiary_name = "Bo \"B\" Co., Ltd.",
                             .beneficiary_address = "Short | Lane 2",
                             .beneficiary_sort_code = "11400002",
                             .payment_details = "rent, March",
                             .transaction_code = "51",
                             .client_bank_information = ""};
  auto second = expected;
  second.line = 2;
  second.client_bank_information = "paid";
  CHECK(read == std::vector<transaction>{expected, second});
}

TEST_CASE("a payment may lack names, addresses and texts, but not a |") {
  CHECK(refusal(transactions, payment(8, "\"|\"")) == "none");
  CHECK(refusal(transactions, payment(12, "")) == "none");
  CHECK(refusal(transactions, payment(3, "99999999999999999")) == "none");
}

TEST_CASE("a malformed payment is refused with its place and reason") {
  const auto of = [](std::size_t column, const std::string& value) {
    return refusal(transactions, payment() + "\n" + payment(column, value) + "\n");
  };
  CHECK(of(1, "11x") == "line 2: column 1 (payment code) is no number: \"11x\"");
  for (const std::string date :
       {"20260229", "20261301", "20260100", "2026011", "202601011", "2026-1-1", "", "20260132"})
    CHECK(of(2, date) == "line 2: column 2 (payment date) is no date YYYYMMDD: \"" + date + "\"");
  CHECK(of(3, "1.50") == "line 2: column 3 (amount) is not 1 to 17 digits: \"1.50\"");
  CHECK(of(3, "-1") == "line 2: column 3 (amount) is not 1 to 17 digits: \"-1\"");
  CHECK(of(3, "") == "line 2: column 3 (amount) is not 1 to 17 digits: \"\"");
  CHECK(of(4, "1030004") == "line 2: column 4 (ordering sort code) is not 8 digits: \"1030004\"");
  CHECK(of(6, "\"1234\"") ==
        "line 2: column 6 (ordering account) is not 25 to 26 digits: \"1234\"");
  CHECK(of(7, "\"9510300045000000000000000x\"") ==
        "line 2: column 7 (beneficiary account) is not 25 to 26 digits: "
        "\"9510300045000000000000000x\"");
  CHECK(of(8, "\"Ada Abel\"") ==
        "line 2: column 8 (ordering name and address) has no | between name and address: "
        "\"Ada Abel\"");
  CHECK(of(9, "\"\"") ==
        "line 2: column 9 (beneficiary name and address) has no | between name and address: \"\"");
  CHECK(of(11, "x") == "line 2: column 11 (beneficiary sort code) is not 8 digits: \"x\"");
  CHECK(of(16, "\"\",1") == "line 2: 17 columns instead of 16");
}

TEST_CASE("a record of the wrong width is refused by itself, too") {
  record narrow;
  narrow.fields = {"1"};
  CHECK_THROWS_WITH(transaction_of(narrow), "1 column instead of 16");
  CHECK_THROWS_WITH(entity_of(narrow), "1 column instead of 12");
  CHECK_THROWS_WITH(address_of(narrow), "1 column instead of 6");
  CHECK_THROWS_WITH(alternate_name_of(narrow), "1 column instead of 4 to 5");
}
