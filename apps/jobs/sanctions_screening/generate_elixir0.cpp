#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/jobs/sanctions_screening/words.hpp"
#include "apps/jobs/support/new_file.hpp"
#include "batch/errors.hpp"

namespace partita::screening {

namespace {

/// A day of the month that begins on 2026-01-15, as YYYYMMDD.
std::string payment_date(random_numbers& random) {
  using namespace std::chrono;
  const auto day = days{static_cast<int>(random.below(32))};
  const year_month_day date{sys_days{year{2026} / 1 / 15} + day};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u", int{date.year()}, unsigned{date.month()},
                unsigned{date.day()});
  return text.data();
}

std::string sort_code(random_numbers& random) {
  return std::to_string(10'000'000 + random.below(89'999'999));
}

std::string internal_number(random_numbers& random) {
  std::string digits;
  while (digits.size() < 16) digits += static_cast<char>('0' + random.below(10));
  return digits;
}

std::string in_quotes(std::string_view text) { return '"' + std::string{text} + '"'; }

std::string some_details(random_numbers& random) {
  std::string made;
  for (auto left = 1 + random.below(5); left > 0; --left)
    made.append(made.empty() ? "" : " ").append(random.one_of(words::details()));
  return made;
}

/// Draws its numbers one by one: C++ does not say in which order the arguments of a call, or the
/// sides of +, are computed.
std::string payment(random_numbers& random, const std::vector<std::string>& names,
                    const std::vector<std::string>& addresses) {
  const auto date = payment_date(random);
  const auto amount = std::to_string(1 + random.below(999'999'999'999'999));
  std::array<std::string, 2> sort_codes;
  std::array<std::string, 2> accounts;
  std::array<std::string, 2> parties;
  for (std::size_t i = 0; i < 2; ++i) {
    sort_codes[i] = sort_code(random);
    accounts[i] = in_quotes(account_of(sort_codes[i], internal_number(random)));
    parties[i] = random.one_of(names);
    parties[i] = in_quotes(parties[i] + '|' + random.one_of(addresses));
  }
  const auto details = in_quotes(some_details(random));
  std::string line = "110";
  for (const auto& field : {date, amount, sort_codes[0], std::string{"0"}, accounts[0], accounts[1],
                            parties[0], parties[1], std::string{"0"}, sort_codes[1], details,
                            std::string{}, std::string{}, in_quotes("51"), in_quotes("")})
    line.append(1, ',').append(field);
  return line += '\n';
}

}  // namespace

std::string account_of(std::string_view sort_code, std::string_view internal_number) {
  const auto number = std::string{sort_code}.append(internal_number);
  int rest = 0;
  for (const char digit : number + "252100") rest = (rest * 10 + (digit - '0')) % 97;
  return std::to_string((98 - rest) % 97) + number;
}

void generate_elixir0(const std::filesystem::path& path, std::int64_t rows, std::uint64_t seed) {
  if (rows < 0) throw permanent_error("cannot generate " + std::to_string(rows) + " payments");
  random_numbers random{seed};
  const auto names = payment_names(random);
  const auto addresses = payment_addresses(random);
  new_file file{path};
  for (; rows > 0; --rows) file.append(payment(random, names, addresses));
  file.finish();
}

}  // namespace partita::screening
