#include <array>
#include <initializer_list>
#include <optional>

#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/jobs/sanctions_screening/words.hpp"
#include "apps/jobs/support/new_file.hpp"
#include "batch/errors.hpp"

namespace partita::screening {

namespace {

// Of the usual number of entities.
constexpr std::int64_t usual_addresses = 10'500;
constexpr std::int64_t usual_aliases = 6'903;

constexpr std::array<std::string_view, 6> programs{"ARMS",    "FRAUD",   "PIRACY",
                                                   "TRADE-A", "TRADE-B", "SMUGGLING"};
constexpr std::array<std::string_view, 4> titles{"Director", "Chairman", "Agent", "Manager"};
constexpr std::array<std::string_view, 4> vessel_types{"Bulk Cargo", "Container Ship", "Tanker",
                                                       "Tug"};

using maybe_text = std::optional<std::string>;

/// A line as the reduced lists have it: texts in quotes, nothing for nothing, a blank in the last
/// column.
std::string line_of(std::initializer_list<std::int64_t> numbers,
                    std::initializer_list<maybe_text> texts, bool blank_at_end) {
  std::string line;
  for (const auto number : numbers) line += (line.empty() ? "" : ",") + std::to_string(number);
  for (const auto& one : texts) line += one ? ",\"" + *one + '"' : ",";
  return blank_at_end ? line + ", " : line;
}

/// Grows, and leaves gaps.
std::int64_t uid_of(std::int64_t index) { return 10 + 3 * index + index * index % 3; }

/// The first of the things of this entity, when so many belong to a usual list.
std::int64_t first_of(std::int64_t index, std::int64_t usual) {
  return index * usual / usual_entities;
}

std::string name_line(std::int64_t index, const listed_entity& entity, random_numbers& random) {
  const std::string program{random.one_of(programs)};
  maybe_text type;
  maybe_text title;
  maybe_text call_sign;
  maybe_text vessel_type;
  maybe_text tonnage;
  maybe_text gross_tonnage;
  maybe_text flag;
  maybe_text owner;
  if (entity.kind == entity_kind::individual) {
    type = "individual";
    if (random.below(5) == 0) title = std::string{random.one_of(titles)};
  }
  if (entity.kind == entity_kind::aircraft) type = "aircraft";
  if (entity.kind == entity_kind::vessel) {
    type = "vessel";
    call_sign = "X" + std::to_string(1'000 + random.below(9'000));
    vessel_type = std::string{random.one_of(vessel_types)};
    const auto tons = 500 + random.below(90'000);
    tonnage = std::to_string(tons);
    gross_tonnage = std::to_string(tons / 3 * 2);
    flag = std::string{random.one_of(words::countries())};
    if (random.below(2) == 0) owner = std::string{random.one_of(words::listed_companies())};
  }
  return line_of({uid_of(index)},
                 {entity.name, type, program, title, call_sign, vessel_type, tonnage, gross_tonnage,
                  flag, owner},
                 true) +
         "\r\n";
}

std::string address_line(std::int64_t index, std::int64_t no, random_numbers& random) {
  maybe_text street;
  maybe_text city;
  maybe_text country;
  if (random.below(7) >= 2) {
    street = std::string{random.one_of(words::listed_streets())};
    *street += " " + std::to_string(1 + random.below(300));
    if (random.below(4) == 0) *street += ", Floor " + std::to_string(1 + random.below(20));
  }
  if (random.below(20) > 0) city = std::string{random.one_of(words::cities())};
  if (random.below(40) > 0) country = std::string{random.one_of(words::countries())};
  return line_of({uid_of(index), 7 + 2 * no}, {street, city, country}, true) + '\n';
}

std::string alias_line(std::int64_t index, std::int64_t no, const listed_entity& entity,
                       random_numbers& random) {
  const auto kind = random.below(usual_aliases);
  const std::string type = kind < 6'499 ? "aka" : kind < 6'883 ? "fka" : "nka";
  return line_of({uid_of(index), 5 + 2 * no}, {type, alias_of(entity, random)}, false) + '\n';
}

}  // namespace

void generate_sdn(const std::filesystem::path& folder, std::int64_t entities, std::uint64_t seed) {
  if (entities < 0 || entities > most_entities)
    throw permanent_error("cannot generate " + std::to_string(entities) + " entities: 0 to " +
                          std::to_string(most_entities) + " are possible");
  constexpr std::string_view end_mark = "\x1A";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw permanent_error("cannot make the folder " + folder.string() + ": " + error.message());
  random_numbers random{seed};
  new_file names{folder / names_file};
  new_file addresses{folder / addresses_file};
  new_file aliases{folder / alternate_names_file};
  for (std::int64_t i = 0; i < entities; ++i) {
    const auto entity = listed_entity_of(i);
    names.append(name_line(i, entity, random));
    for (auto no = first_of(i, usual_addresses); no < first_of(i + 1, usual_addresses); ++no)
      addresses.append(address_line(i, no, random));
    for (auto no = first_of(i, usual_aliases); no < first_of(i + 1, usual_aliases); ++no)
      aliases.append(alias_line(i, no, entity, random));
  }
  for (auto* file : {&names, &addresses, &aliases}) {
    file->append(end_mark);
    file->finish();
  }
}

}  // namespace partita::screening
