#include "apps/jobs/customer_etl/customer_etl.hpp"
#include "apps/jobs/range_sum/range_sum.hpp"
#include "batch/batch.hpp"

int main(int argc, char** argv) {
  return partita::main(argc, argv, {partita::range_sum(), partita::customer_etl()});
}
