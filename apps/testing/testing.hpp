#pragma once

// What tests of jobs include. It throws and returns values, so it goes with any test framework.
// Where a test asks for what cannot be (a step that the job has not, a node that is not there), it
// throws definition_error.

#include "apps/testing/cluster.hpp"
#include "apps/testing/process.hpp"
#include "apps/testing/run_partition.hpp"
