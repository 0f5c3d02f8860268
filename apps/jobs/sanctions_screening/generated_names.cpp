#include "apps/jobs/sanctions_screening/generated_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <tuple>
#include <utility>

#include "apps/jobs/sanctions_screening/words.hpp"

namespace partita::screening {

namespace {

constexpr std::int64_t usual_companies = 2'686;
constexpr std::int64_t usual_individuals = 2'672;
constexpr std::int64_t usual_vessels = 242;
constexpr std::int64_t usual_aircraft =
    usual_entities - usual_companies - usual_individuals - usual_vessels;

constexpr std::size_t pool_names = 1'500;
constexpr std::size_t pool_listed = 115;
constexpr std::size_t pool_slips = 19;
constexpr std::size_t pool_addresses = 50;

constexpr std::array<std::string_view, 6> legal_forms{"CO., LTD.", "LIMITED", "S.A.",
                                                      "GMBH",      "INC.",    "CORP."};

std::string upper(std::string_view text) {
  std::string made{text};
  for (auto& c : made) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return made;
}

/// Element `index` of a list that goes on from its front.
std::string_view at(words::word_list all, std::size_t index) { return all[index % all.size()]; }

// `no` counts the entities of a kind. Their names differ, for (family, second family, given name)
// do, and so on: a step that shares no factor with the length of a list visits all of it.

std::string individual_name(std::size_t no) {
  const auto families = words::listed_families();
  const auto given = words::given_names();
  const auto family = no % families.size();
  const auto round = no / families.size();
  const auto second = round / given.size();
  auto made = upper(families[family]);
  if (second > 0) made += " " + upper(at(families, second + family));
  made.append(", ").append(at(given, round * 7 + family * 13));
  // Some have two given names.
  if (no * 31 % 7 < 2) made.append(1, ' ').append(at(given, no * 17 + 5));
  return made;
}

std::string company_name(std::size_t no) {
  const auto stems = words::listed_companies();
  const auto trades = words::trades();
  const auto stem = no % stems.size();
  const auto round = no / stems.size();
  const auto second = round / trades.size();
  auto made = upper(stems[stem]) + " " + upper(at(trades, round * 7 + stem * 11));
  if (second > 0) made += " AND " + upper(at(trades, second + stem));
  return made.append(1, ' ').append(legal_forms[(no * 29 / 7) % legal_forms.size()]);
}

std::string vessel_name(std::size_t no) {
  const auto adjectives = words::vessel_adjectives();
  const auto nouns = words::vessel_nouns();
  const auto adjective = no % adjectives.size();
  const auto round = no / adjectives.size();
  auto made = upper(adjectives[adjective]) + " " + upper(at(nouns, round * 5 + adjective * 7));
  if (round >= nouns.size()) made += " " + std::to_string(round / nouns.size() + 1);
  return made;
}

std::string aircraft_name(std::size_t no) {
  std::string made{static_cast<char>('A' + no * 7 % 26), static_cast<char>('A' + no * 3 / 26 % 26)};
  return made + "-" + std::to_string(10'000 + no);
}

std::string person(words::word_list families, random_numbers& random) {
  std::string made{random.one_of(words::given_names())};
  if (random.below(4) == 0) made.append(1, ' ').append(random.one_of(words::given_names()));
  return made.append(1, ' ').append(random.one_of(families));
}

std::string company(words::word_list stems, random_numbers& random) {
  std::string made{random.one_of(stems)};
  made.append(1, ' ').append(random.one_of(words::trades()));
  return made.append(1, ' ').append(random.one_of(legal_forms));
}

std::pair<std::size_t, std::size_t> longest_word(std::string_view text) {
  std::size_t begin = 0;
  std::size_t size = 0;
  for (std::size_t i = 0, start = 0; i <= text.size(); ++i) {
    if (i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0) continue;
    if (i - start > size) std::tie(begin, size) = std::pair{start, i - start};
    start = i + 1;
  }
  return {begin, size};
}

}  // namespace

listed_entity listed_entity_of(std::int64_t index) {
  // The kinds are mixed: 2,399 shares no factor with 5,768.
  const auto block = index / usual_entities;
  auto no = index % usual_entities * 2'399 % usual_entities;
  const auto of_kind = [&](std::int64_t usual) {
    return static_cast<std::size_t>(block * usual + no);
  };
  if (no < usual_companies) return {entity_kind::company, company_name(of_kind(usual_companies))};
  no -= usual_companies;
  if (no < usual_individuals)
    return {entity_kind::individual, individual_name(of_kind(usual_individuals))};
  no -= usual_individuals;
  if (no < usual_vessels) return {entity_kind::vessel, vessel_name(of_kind(usual_vessels))};
  no -= usual_vessels;
  return {entity_kind::aircraft, aircraft_name(of_kind(usual_aircraft))};
}

std::string alias_of(const listed_entity& entity, random_numbers& random) {
  const bool named = entity.kind == entity_kind::company || entity.kind == entity_kind::individual;
  if (named && random.below(3) == 0) return with_slip(entity.name, random);
  switch (entity.kind) {
    case entity_kind::company:
      return upper(company(words::listed_companies(), random));
    case entity_kind::individual: {
      auto made = upper(random.one_of(words::listed_families())) + ",";
      made.append(1, ' ').append(random.one_of(words::given_names()));
      return made.append(1, ' ').append(random.one_of(words::given_names()));
    }
    case entity_kind::vessel: {
      auto made = upper(random.one_of(words::vessel_adjectives()));
      made += " " + upper(random.one_of(words::vessel_nouns()));
      return made += " " + std::to_string(2 + random.below(8));
    }
    case entity_kind::aircraft:
      break;
  }
  return aircraft_name(static_cast<std::size_t>(1'000'000 + random.below(1'000'000)));
}

std::string with_slip(std::string text, random_numbers& random) {
  const auto [begin, size] = longest_word(text);
  if (size < 3) return text + "s";
  const auto place = begin + 1 + static_cast<std::size_t>(random.below(size - 2));
  switch (random.below(3)) {
    case 0:
      text.insert(place, 1, text[place]);
      break;
    case 1:
      text.erase(place, 1);
      break;
    default:
      std::swap(text[place], text[place + 1]);
  }
  return text;
}

std::vector<std::string> payment_names(random_numbers& random) {
  std::vector<std::string> names;
  constexpr auto hits = pool_listed + pool_slips;
  const auto first = random.below(usual_entities);
  for (std::size_t i = 0; i < hits; ++i) {
    const auto index = (first + i * usual_entities / hits) % usual_entities;
    auto name = listed_entity_of(static_cast<std::int64_t>(index)).name;
    names.push_back(i < pool_slips ? with_slip(std::move(name), random) : std::move(name));
  }
  while (names.size() < pool_names)
    names.push_back(random.below(3) == 0 ? company(words::other_companies(), random)
                                         : person(words::other_families(), random));
  for (auto i = names.size() - 1; i > 0; --i)
    std::swap(names[i], names[static_cast<std::size_t>(random.below(i + 1))]);
  return names;
}

std::vector<std::string> payment_addresses(random_numbers& random) {
  constexpr std::array<std::string_view, 4> ways{"Street", "Avenue", "Lane", "Square"};
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < pool_addresses; ++i) {
    std::string made{at(words::other_streets(), i)};
    made.append(1, ' ').append(random.one_of(ways));
    made += " " + std::to_string(1 + random.below(200)) + ", ";
    made += std::to_string(10'000 + random.below(90'000)) + " ";
    addresses.push_back(made.append(random.one_of(words::cities())));
  }
  return addresses;
}

}  // namespace partita::screening
