#include "apps/demo.hpp"
#include "apps/generate.hpp"
#include "apps/jobs/command/command.hpp"
#include "apps/jobs/customer_etl/customer_etl.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/jobs/range_sum/range_sum.hpp"
#include "apps/jobs/sanctions_screening/sanctions_screening.hpp"
#include "apps/jobs/services/services.hpp"
#include "apps/partita/command_table.hpp"
#include "apps/program.hpp"

int main(int argc, char** argv) {
  partita::cli::add_command(partita::cli::generate_command());
  partita::cli::add_command(partita::cli::demo_command());
  auto jobs = partita::services();
  for (auto one : {partita::range_sum(), partita::command(), partita::customer_etl(),
                   partita::sanctions_screening(), partita::marc_map(), partita::marc_save()})
    jobs.push_back(std::move(one));
  return partita::main(argc, argv, partita::registry{std::move(jobs)});
}
