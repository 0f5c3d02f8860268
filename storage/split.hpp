#pragma once

#include <span>

#include "protocol/values.hpp"

namespace partita {

// What every store demands of a master that splits a step. All throw store_error.

/// A split goes on only while its step runs and is not sealed: else `wrong_state`.
void require_open(const step_row& step);

/// The step has `first` partitions, so that numbers go on without gap or overlap: else
/// `wrong_state`.
void require_next(const step_row& step, partition_no first);

/// The texts of these partitions can be stored: else `bad_request`.
void require_texts(std::span<const new_partition> rows);

/// The ranges cover 0..count-1, each number once: else `bad_request`.
void require_cover(step_id step, std::int64_t count, std::span<const ready_range> ranges);

}  // namespace partita
