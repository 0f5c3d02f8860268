#include "apps/jobs/customer_etl/generate.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "apps/jobs/customer_etl/customer.hpp"
#include "batch/errors.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

struct name {
  std::string_view written;
  std::string_view in_email;
};
constexpr std::array<name, 10> first_names{{{"Ada", "ada"},
                                            {"Bruno", "bruno"},
                                            {"Carmen", "carmen"},
                                            {"Dario", "dario"},
                                            {"Elif", "elif"},
                                            {"Femke", "femke"},
                                            {"Goran", "goran"},
                                            {"Hanna", "hanna"},
                                            {"Ivo", "ivo"},
                                            {"Juno", "juno"}}};
constexpr std::array<name, 10> last_names{{{"Abel", "abel"},
                                           {"Brandt", "brandt"},
                                           {"Castillo", "castillo"},
                                           {"Dvorak", "dvorak"},
                                           {"Eriksen", "eriksen"},
                                           {"Fontaine", "fontaine"},
                                           {"Grimaldi", "grimaldi"},
                                           {"Horvat", "horvat"},
                                           {"Isaksen", "isaksen"},
                                           {"Jansen", "jansen"}}};
constexpr std::array<std::string_view, 3> domains{"test.net", "demo.org", "example.com"};
constexpr int signup_days = 1001;  // 2022-01-01 to 2024-09-27

std::string date(std::int64_t day) {
  using namespace std::chrono;
  const year_month_day d{sys_days{year{2022} / 1 / 1} + days{day}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", int{d.year()}, unsigned{d.month()},
                unsigned{d.day()});
  return text.data();
}

void append_row(std::string& to, std::int64_t row) {
  const auto number = std::to_string(row);
  const auto index = static_cast<std::size_t>(row - 1);
  const auto& first = first_names[index % first_names.size()];
  const auto& last = last_names[index / first_names.size() % last_names.size()];
  static const auto dates = [] {
    std::vector<std::string> all;
    for (int day = 0; day < signup_days; ++day) all.push_back(date(day));
    return all;
  }();
  (to += 'C').append(5 - std::min<std::size_t>(5, number.size()), '0').append(number);
  (to += ',').append(first.written);
  (to += ',').append(last.written);
  (to += ',').append(first.in_email).append(".").append(last.in_email).append(number);
  (to += '@').append(domains[index % domains.size()]);
  (to += ',').append(dates[index % signup_days]) += '\n';
}

void write_rows(const fs::path& path, std::int64_t rows) {
  constexpr std::size_t block = 1024 * 1024;
  std::ofstream file{path, std::ios::binary};
  std::string text{customers::csv_header};
  text += '\n';
  for (std::int64_t row = 1; row <= rows && file; ++row) {
    append_row(text, row);
    if (text.size() < block) continue;
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    text.clear();
  }
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file)
    throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

}  // namespace

void generate_customers(const fs::path& path, std::int64_t rows) {
  if (rows < 0) throw permanent_error("cannot generate " + std::to_string(rows) + " customers");
  auto unfinished = path;
  unfinished += ".part";
  try {
    write_rows(unfinished, rows);
    fs::rename(unfinished, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw;
  }
}

}  // namespace partita
