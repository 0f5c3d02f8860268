#pragma once

// What a job author includes. `job.hpp` is the place to start reading.

#include "batch/aggregate.hpp"
#include "batch/chunk.hpp"
#include "batch/errors.hpp"
#include "batch/flow.hpp"
#include "batch/job.hpp"
#include "batch/json.hpp"
#include "batch/listeners.hpp"
#include "batch/outcomes.hpp"
#include "batch/parameters.hpp"
#include "batch/partition_context.hpp"
#include "batch/registry.hpp"
#include "batch/split_context.hpp"
#include "batch/submit.hpp"
