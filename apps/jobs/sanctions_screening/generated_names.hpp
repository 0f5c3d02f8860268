#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/jobs/support/random.hpp"

namespace partita::screening {

/// As many names as the list of 2014 has, and no two alike up to `most_entities`.
inline constexpr std::int64_t usual_entities = 5'768;
inline constexpr std::int64_t most_entities = 300'000;

enum class entity_kind { company, individual, vessel, aircraft };

/// Entity `index` of every generated list, from 0: the same for every seed, so that the payments of
/// any seed have hits in the lists of any other.
struct listed_entity {
  entity_kind kind = entity_kind::company;
  std::string name;
};
listed_entity listed_entity_of(std::int64_t index);

/// Another name of the same entity, as a list has it.
std::string alias_of(const listed_entity& entity, random_numbers& random);

/// The text with one slip of a typist in its longest word: a letter doubled, left out, or two
/// letters in the wrong order.
std::string with_slip(std::string text, random_numbers& random);

/// The names that payments are between. Of 1,500 names 115 are on a usual list and 19 are nearly
/// so: about 1 in 11.
std::vector<std::string> payment_names(random_numbers& random);

/// Addresses of payments; none is on a generated list.
std::vector<std::string> payment_addresses(random_numbers& random);

}  // namespace partita::screening
