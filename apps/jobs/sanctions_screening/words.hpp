#pragma once

#include <span>
#include <string_view>

/// Words that the generated files are made of. All are invented or ordinary. Within a list no two
/// names are so much alike that the matcher takes one for the other, and "other" names are on no
/// generated list.
namespace partita::screening::words {

using word_list = std::span<const std::string_view>;

word_list given_names();
word_list listed_families();
word_list other_families();
word_list listed_companies();
word_list other_companies();
word_list trades();
word_list vessel_adjectives();
word_list vessel_nouns();
word_list cities();
word_list countries();
word_list listed_streets();
word_list other_streets();
word_list details();

}  // namespace partita::screening::words
