#include "apps/generate.hpp"

#include <array>
#include <filesystem>
#include <iostream>
#include <limits>

#include "apps/jobs/customer_etl/generate.hpp"
#include "apps/jobs/marc/generate.hpp"
#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_rows = 100'000'000;

void require_new(const fs::path& file) {
  if (fs::exists(file))
    throw command_error(exit_code::conflict, "file_exists", file.string() + " is there already",
                        "remove it, or name another file");
}

fs::path named(const invocation& in, const char* fallback) {
  const auto& words = in.args.words();
  if (words.size() < 2) return fallback;
  if (words[1].empty())
    throw usage_error("the name of what to write is empty", "name a file, or leave it out");
  return words[1];
}

std::int64_t rows_of(const invocation& in, std::int64_t fallback, std::int64_t most) {
  return in.args.maybe_number("rows", 0, most).value_or(fallback);
}

std::uint64_t seed_of(const invocation& in) {
  return static_cast<std::uint64_t>(
      in.args.number("seed", 0, std::numeric_limits<std::int64_t>::max()));
}

void write_customers(const invocation& in) {
  if (in.args.typed("seed"))
    throw usage_error("customers have no --seed: the same number of rows gives the same file");
  const auto file = named(in, "customers.csv");
  const auto rows = rows_of(in, 10'000, most_rows);
  require_new(file);
  generate_customers(file, rows);
  std::cerr << "wrote " << grouped(rows) << " customers to " << escape_controls(file.string())
            << "\n  " << in.program << " run customer_etl input=" << shell_word(file.string())
            << " output_dir=out converts them\n";
}

/// The run that screens these payments with these lists.
std::string screening(const invocation& in, const fs::path& payments, const fs::path& folder) {
  const auto list = [&](std::string_view name) { return shell_word((folder / name).string()); };
  return in.program + " run sanctions_screening input=" + shell_word(payments.string()) +
         " names=" + list(screening::names_file) + " addresses=" + list(screening::addresses_file) +
         " alternate_names=" + list(screening::alternate_names_file);
}

constexpr const char* payments_file = "payments.elixir0";
constexpr const char* lists_folder = "sdn";

void write_payments(const invocation& in) {
  const auto file = named(in, payments_file);
  const auto rows = rows_of(in, 500, most_rows);
  const auto seed = seed_of(in);
  require_new(file);
  screening::generate_elixir0(file, rows, seed);
  std::cerr << "wrote " << grouped(rows) << " payments to " << escape_controls(file.string())
            << "\n  " << in.program << " generate sdn writes lists to screen them with\n  "
            << screening(in, file, lists_folder) << " screens them\n";
}

void write_lists(const invocation& in) {
  const auto folder = named(in, lists_folder);
  const auto rows = rows_of(in, screening::usual_entities, screening::most_entities);
  const auto seed = seed_of(in);
  if (!fs::is_directory(folder)) require_new(folder);
  for (const auto name :
       {screening::names_file, screening::addresses_file, screening::alternate_names_file})
    require_new(folder / name);
  screening::generate_sdn(folder, rows, seed);
  std::cerr << "wrote a list of " << grouped(rows) << " entities to "
            << escape_controls(folder.string()) << "\n  " << in.program
            << " generate elixir0 writes payments\n  " << screening(in, payments_file, folder)
            << " screens them\n";
}

void write_records(const invocation& in) {
  const auto file = named(in, "authorities.mrc");
  const auto rows = rows_of(in, 10'000, most_rows);
  const auto seed = seed_of(in);
  const auto broken = in.args.maybe_number("broken", 0, 1000).value_or(0);
  const bool xml = file.extension() == ".xml";
  require_new(file);
  marc::generate_marc(file, xml ? marc::format::marcxml : marc::format::iso2709, rows, broken,
                      seed);
  std::cerr << "wrote " << grouped(rows) << " authority records to "
            << escape_controls(file.string()) << "\n  " << in.program
            << " run marc_map input=" << shell_word(file.string())
            << " output_dir=authorities maps them\n";
}

struct kind {
  std::string_view name;
  void (*write)(const invocation&);
};
constexpr std::array<kind, 4> kinds{{{"customers", write_customers},
                                     {"elixir0", write_payments},
                                     {"sdn", write_lists},
                                     {"marc", write_records}}};

exit_code run_generate(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"what to write (customers, elixir0, sdn or marc)"}, 2);
  if (words.front() != "marc" && in.args.typed("broken"))
    throw usage_error("only marc has --broken records", "leave it out");
  for (const auto& [name, write] : kinds)
    if (words.front() == name) {
      write(in);
      return exit_code::ok;
    }
  throw usage_error("there is no test data called " + words.front(),
                    "`generate customers`, `generate elixir0`, `generate sdn` or `generate marc`");
}

}  // namespace

command generate_command() {
  return {
      "generate",
      "customers|elixir0|sdn|marc [FILE]",
      "write test data for the jobs customer_etl, sanctions_screening and marc_map",
      "Try it",
      "customers: a CSV file, customers.csv without FILE, with 10000 rows.\n"
      "elixir0: a file of payments, payments.elixir0 without FILE, with 500 rows.\n"
      "sdn: a folder with the lists of 5768 invented sanctioned entities, their addresses and\n"
      "alternate names; sdn without FILE. About 1 in 11 names of payments is on the lists.\n"
      "marc: authority records, authorities.mrc without FILE, 10000 of them; MARC-XML where FILE\n"
      "ends with .xml, else ISO 2709. --broken 5: in every thousand, five are broken.\n"
      "The same number of rows and the same seed give the same file.",
      {"generate customers", "generate customers big.csv --rows 1000000", "generate sdn",
       "generate elixir0 --rows 10000 --seed 7", "generate marc --broken 5"},
      option_list{{"rows", "N", "rows of the file, or entities of the lists"},
                  {"seed", "S", "of the random numbers; not for customers", "", "1"},
                  {"broken", "N", "of marc: broken records in every thousand"}} +
          general_options(),
      run_generate,
      {"customers", "elixir0", "sdn", "marc"}};
}

}  // namespace partita::cli
