#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/jobs/sanctions_screening/matcher.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "batch/errors.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::screening;
using test::read_file;
using test::temp_dir;
namespace fs = std::filesystem;

namespace {

template <class Open>
auto all_of_file(Open open, const fs::path& file) {
  auto rows = open(file, csv::split(file, 1).front());
  std::vector<typename decltype(rows.next())::value_type> all;
  while (auto one = rows.next()) all.push_back(*std::move(one));
  return all;
}

/// FNV-1a: knows a text again.
std::uint64_t mark_of(const std::string& text) {
  std::uint64_t mark = 0xCBF29CE484222325;
  for (const unsigned char c : text) mark = (mark ^ c) * 0x100000001B3;
  return mark;
}

}  // namespace

TEST_CASE("the random numbers are those of SplitMix64") {
  random_numbers random{1234567};
  CHECK(random.next() == 6457827717110365317U);
  CHECK(random.next() == 3203168211198807973U);
  CHECK(random.below(1) == 0);
}

TEST_CASE("an account begins with check digits without a leading zero") {
  CHECK(account_of("10300045", "0000000000000001").size() >= 25);
  // The number with the check digits behind it, as an IBAN's is: 1 modulo 97.
  for (const std::string internal : {"0000000000000001", "9999999999999999", "1234567890123456"}) {
    const auto account = account_of("11400002", internal);
    REQUIRE(account.ends_with("11400002" + internal));
    auto check = account.substr(0, account.size() - 24);
    CHECK(!check.empty());
    CHECK(check.size() <= 2);
    if (check.size() == 1) check = "0" + check;
    int rest = 0;
    for (const char c : "11400002" + internal + "2521" + check) rest = (rest * 10 + (c - '0')) % 97;
    CHECK(rest == 1);
  }
}

TEST_CASE("generated payments are the same for the same number and seed, and can be read") {
  temp_dir dir;
  const auto file = dir / "p";
  generate_elixir0(file, 2'000, 7);
  const auto text = read_file(file);
  const auto read = all_of_file(transactions, file);
  CHECK(read.size() == 2'000);
  std::set<std::string> dates;
  for (const auto& one : read) {
    dates.insert(one.payment_date);
    CHECK(one.beneficiary_account.find(one.beneficiary_sort_code) <= 2);
    CHECK(one.ordering_account.find(one.ordering_sort_code) <= 2);
    CHECK(one.payment_code == 110);
  }
  CHECK(dates.size() == 32);
  generate_elixir0(file, 2'000, 7);
  CHECK(read_file(file) == text);
  generate_elixir0(file, 2'000, 8);
  CHECK(read_file(file) != text);
  generate_elixir0(file, 0, 7);
  CHECK(read_file(file).empty());
  CHECK(std::distance(fs::directory_iterator{dir.path()}, {}) == 1);
  CHECK_THROWS_AS(generate_elixir0(file, -1, 7), permanent_error);
  CHECK_THROWS_AS(generate_elixir0(dir / "none/p", 1, 7), std::system_error);
}

TEST_CASE("a generated list is the same for the same number and seed, and can be read") {
  temp_dir dir;
  const auto folder = dir / "a/list";
  generate_sdn(folder, usual_entities, 7);
  const auto names = all_of_file(entities, folder / names_file);
  const auto places = all_of_file(addresses, folder / addresses_file);
  const auto aliases = all_of_file(alternate_names, folder / alternate_names_file);
  CHECK(names.size() == 5'768);
  CHECK(places.size() == 10'500);
  CHECK(aliases.size() == 6'903);

  std::set<std::int64_t> uids;
  std::set<std::string> texts;
  std::map<std::string, int> types;
  for (const auto& one : names) {
    uids.insert(one.uid);
    texts.insert(one.name);
    ++types[one.type.value_or("")];
  }
  CHECK(uids.size() == names.size());
  CHECK(texts.size() == names.size());
  CHECK(types == std::map<std::string, int>{
                     {"", 2'686}, {"individual", 2'672}, {"vessel", 242}, {"aircraft", 168}});
  std::set<std::pair<std::int64_t, std::int64_t>> keys;
  int without_street = 0;
  for (const auto& one : places) {
    CHECK(uids.contains(one.entity_uid));
    keys.emplace(one.entity_uid, one.address_uid);
    if (!one.street) ++without_street;
  }
  CHECK(keys.size() == places.size());
  CHECK(without_street > 2'700);
  CHECK(without_street < 3'300);
  keys.clear();
  for (const auto& one : aliases) {
    CHECK(uids.contains(one.entity_uid));
    keys.emplace(one.entity_uid, one.alternate_uid);
  }
  CHECK(keys.size() == aliases.size());

  CHECK(read_file(folder / names_file).ends_with(" \r\n\x1A"));
  CHECK(read_file(folder / addresses_file).ends_with(" \n\x1A"));
  CHECK(read_file(folder / alternate_names_file).ends_with("\"\n\x1A"));
  const auto again = dir / "again";
  generate_sdn(again, usual_entities, 7);
  for (const auto name : {names_file, addresses_file, alternate_names_file})
    CHECK(read_file(again / name) == read_file(folder / name));
  CHECK(std::distance(fs::directory_iterator{again}, {}) == 3);
  CHECK_THROWS_AS(generate_sdn(again, -1, 7), permanent_error);
  CHECK_THROWS_AS(generate_sdn(again, most_entities + 1, 7), permanent_error);
}

// Every machine must write the same bytes. Who changes the generators on purpose changes these.
TEST_CASE("generated files are the same on every machine") {
  temp_dir dir;
  generate_elixir0(dir / "p", 1'000, 1);
  CHECK(mark_of(read_file(dir / "p")) == 0x424C2FAF7580AA9F);
  generate_sdn(dir.path(), 1'000, 1);
  CHECK(mark_of(read_file(dir / "sdn.csv")) == 0x266C0A36CF5FFB8B);
  CHECK(mark_of(read_file(dir / "add.csv")) == 0xC1B8FDAAB3AB6C42);
  CHECK(mark_of(read_file(dir / "alt.csv")) == 0x0746D3D636B464A4);
}

TEST_CASE("the names of a long list differ, too") {
  std::set<std::string> names;
  for (std::int64_t i = 0; i < most_entities; ++i) names.insert(listed_entity_of(i).name);
  CHECK(names.size() == static_cast<std::size_t>(most_entities));
}

TEST_CASE("about 1 in 11 of the names of payments is on the list, whatever the seeds") {
  std::vector<name> list;
  for (std::int64_t i = 0; i < usual_entities; ++i)
    list.push_back(prepare(listed_entity_of(i).name));
  random_numbers random{GENERATE(1U, 99U)};
  int hits = 0;
  for (const auto& text : payment_names(random)) {
    const auto payer = prepare(text);
    if (std::any_of(list.begin(), list.end(), [&](const name& one) { return matches(payer, one); }))
      ++hits;
  }
  CHECK(hits >= 130);
  CHECK(hits <= 140);
}
