#pragma once

#include <optional>
#include <string>

#include "actors/attempt.hpp"
#include "protocol/errors.hpp"
#include "protocol/liveness.hpp"
#include "protocol/pipe_frames.hpp"

namespace partita {

/// One attempt at one partition, for a process for bodies.
struct body_work {
  run_id run;
  run_id first_run;  // of the runs that continue each other
  step_id step;
  job_ref job;
  std::string step_name;
  json_text parameters = "{}";
  lease_id lease;
  int attempt = 1;
  granted_partition partition;
  std::size_t most_output = 0;   // bytes
  std::size_t memory_bytes = 0;  // beyond what the process has before the body; 0: no limit
  mono_time trusted_until;       // the process ends then, unless it hears of a later time
  crash_hint crashes{};          // of this attempt so far
};

/// What became of a checkpoint.
struct checkpoint_answer {
  std::optional<errc> refused;
  std::string why;
};

// The texts of frames. Those that read them throw std::exception for what was not written by these.

frame to_frame(const body_work& work);
body_work to_work(const std::string& text);

frame to_frame(mono_time trusted_until);
mono_time to_time(const std::string& text);

frame to_frame(const checkpoint_answer& answer);
checkpoint_answer to_answer(const std::string& text);

frame to_frame(const checkpoint& c);
checkpoint to_checkpoint(const std::string& text);

struct body_progress {
  std::int64_t done = 0;
  std::int64_t total = 0;
};
frame to_frame(const body_progress& p);
body_progress to_progress(const std::string& text);

frame to_frame(const body_end& end);
body_end to_end(const std::string& text);

}  // namespace partita
