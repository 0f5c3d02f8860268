#include "apps/generate.hpp"

#include <filesystem>
#include <iostream>

#include "apps/jobs/customer_etl/generate.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

exit_code run_generate(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"customers"}, 2);
  if (words.front() != "customers")
    throw usage_error("there is no test data called " + words.front(), "`generate customers`");
  const std::filesystem::path file{words.size() > 1 ? words[1] : "customers.csv"};
  const auto rows = in.args.number("rows", 0, 100'000'000);
  if (std::filesystem::exists(file))
    throw command_error(exit_code::conflict, "file_exists", file.string() + " is there already",
                        "remove it, or name another file");
  generate_customers(file, rows);
  std::cerr << "wrote " << grouped(rows) << " customers to " << escape_controls(file.string())
            << "\n  " << in.program << " run customer_etl input=" << shell_word(file.string())
            << " output_dir=out converts them\n";
  return exit_code::ok;
}

}  // namespace

command generate_command() {
  return {"generate",
          "customers [FILE]",
          "write a CSV file of test customers, for the job customer_etl",
          "Try it",
          "The same number of rows gives the same file. Without FILE it is customers.csv.",
          {"generate customers", "generate customers big.csv --rows 1000000"},
          option_list{{"rows", "N", "rows of the file", "", "10000"}} + help_option(),
          run_generate};
}

}  // namespace partita::cli
