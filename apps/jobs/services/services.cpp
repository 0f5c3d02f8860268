#include "apps/jobs/services/services.hpp"

#include "batch/batch.hpp"

namespace partita {

namespace {

job service(const std::string& name, const std::string& does) {
  return job{name}
      .about("does nothing: to try schedules with")
      .step(tasklet{
          "work", [does](run_context& run) {
            run.result({{"did", does}, {"tick", run.find<std::string>("tick").value_or("")}});
          }});
}

}  // namespace

std::vector<job> services() {
  return {service("monitoring", "looked whether all is well"),
          service("publisher", "published what is new"),
          service("trade", "settled what was traded"), service("price", "asked for prices")};
}

}  // namespace partita
