#include "apps/jobs/sanctions_screening/elixir0.hpp"

#include <charconv>
#include <chrono>
#include <tuple>
#include <utility>

#include "apps/jobs/sanctions_screening/fields.hpp"
#include "batch/utf8.hpp"

namespace partita::screening {

namespace {

constexpr std::size_t most_amount_digits = 17;  // of NUMERIC(19, 2)

[[noreturn]] void refuse_text(const column& at, const std::string& reason, std::string_view text) {
  refuse(at, reason + ": \"" + utf8::printable(text) + "\"");
}

std::string date_of(const record& from, const column& at) {
  const auto text = field_of(from, at);
  const auto number = [&](std::size_t begin, std::size_t size) {
    unsigned value = 0;
    std::from_chars(text.data() + begin, text.data() + begin + size, value);
    return value;
  };
  using namespace std::chrono;
  if (text.size() == 8 && is_digits(text)) {
    const auto date = year{static_cast<int>(number(0, 4))} / month{number(4, 2)} / number(6, 2);
    if (date.ok())
      return std::string{text.substr(0, 4)}
          .append(1, '-')
          .append(text.substr(4, 2))
          .append(1, '-')
          .append(text.substr(6));
  }
  refuse_text(at, "is no date YYYYMMDD", text);
}

std::string digits_of(const record& from, const column& at, std::size_t least, std::size_t most) {
  const auto text = field_of(from, at);
  if (is_digits(text) && text.size() >= least && text.size() <= most) return std::string{text};
  const auto size =
      least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
  refuse_text(at, "is not " + size + " digits", text);
}

/// What is before the first '|', and what is behind it.
std::pair<std::string, std::string> name_and_address_of(const record& from, const column& at) {
  const auto text = field_of(from, at);
  const auto bar = text.find('|');
  if (bar == text.npos) refuse_text(at, "has no | between name and address", text);
  return {std::string{text.substr(0, bar)}, std::string{text.substr(bar + 1)}};
}

}  // namespace

transaction transaction_of(const record& from) {
  require_columns(from, elixir0_columns, elixir0_columns);
  transaction made;
  made.line = from.line;
  made.payment_code = number_of(from, {0, "payment code"});
  made.payment_date = date_of(from, {1, "payment date"});
  made.amount = digits_of(from, {2, "amount"}, 1, most_amount_digits);
  made.ordering_sort_code = digits_of(from, {3, "ordering sort code"}, 8, 8);
  made.ordering_account = digits_of(from, {5, "ordering account"}, 25, 26);
  made.beneficiary_account = digits_of(from, {6, "beneficiary account"}, 25, 26);
  std::tie(made.ordering_name, made.ordering_address) =
      name_and_address_of(from, {7, "ordering name and address"});
  std::tie(made.beneficiary_name, made.beneficiary_address) =
      name_and_address_of(from, {8, "beneficiary name and address"});
  made.beneficiary_sort_code = digits_of(from, {10, "beneficiary sort code"}, 8, 8);
  made.payment_details = field_of(from, {11, "payment details"});
  made.transaction_code = field_of(from, {14, "transaction code"});
  made.client_bank_information = field_of(from, {15, "client bank information"});
  return made;
}

csv::rows<transaction> transactions(const std::filesystem::path& file, const csv::slice& part) {
  return {file, part, elixir0_columns, transaction_of};
}

}  // namespace partita::screening
