#include "apps/jobs/marc/generate.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "apps/jobs/support/new_file.hpp"
#include "apps/jobs/support/random.hpp"
#include "batch/errors.hpp"

namespace partita::marc {

namespace {

constexpr std::size_t longest_record = 99'999;
constexpr std::size_t longest_field = 9'999;

constexpr std::array<std::string_view, 24> beginnings{
    "Ar",  "Bel", "Cor", "Dá",  "Er",  "Fé", "Gol", "Hu",  "Ír", "Jo", "Kal", "Lé",
    "Mor", "Nú",  "Ol",  "Pri", "Qué", "Ro", "Sá",  "Tor", "Ul", "Vé", "Wil", "Zar"};
constexpr std::array<std::string_view, 16> endings{"a",   "an",  "bek",  "dós", "el",  "gar",
                                                   "in",  "ka",  "lund", "mír", "nov", "o",
                                                   "ris", "son", "té",   "va"};
constexpr std::array<std::string_view, 12> topics{
    "Bridges", "Canals",   "Choral music", "Clocks",   "Glaciers", "Lighthouses",
    "Mosaics", "Orchards", "Paper",        "Railways", "Tides",    "Weaving"};
constexpr std::array<std::string_view, 6> forms{"Atlases", "Biographies", "Diaries",
                                                "Hymnals", "Periodicals", "Sources"};

std::string word(random_numbers& random) {
  return std::string{random.one_of(beginnings)} + std::string{random.one_of(endings)};
}
std::string year(random_numbers& random) { return std::to_string(1500 + random.below(480)); }

/// What a heading says, by the last two digits of its tag.
std::vector<subfield> heading(std::string_view of, random_numbers& random) {
  if (of == "00") {
    std::vector<subfield> all{{'a', word(random) + ", " + word(random) + ","},
                              {'d', year(random) + "-" + year(random)}};
    if (random.below(4) == 0) all.push_back({'t', "The " + word(random) + " letters"});
    return all;
  }
  if (of == "10") return {{'a', word(random) + " Society."}, {'b', "Section of " + word(random)}};
  if (of == "11")
    return {{'a', "Congress of " + word(random)},
            {'d', "(" + year(random) + " :"},
            {'c', word(random) + ")"}};
  if (of == "30") return {{'a', "Book of " + word(random)}, {'l', "Latin"}};
  if (of == "51") return {{'a', word(random) + " (Province)"}, {'x', "History"}};
  if (of == "55") return {{'a', std::string{random.one_of(forms)}}};
  return {{'a', std::string{random.one_of(topics)}}, {'z', word(random)}, {'x', "History"}};
}

constexpr std::array<std::string_view, 7> heading_kinds{"00", "10", "11", "30", "50", "51", "55"};

field heading_field(char first, std::string_view of, random_numbers& random) {
  field made{first + std::string{of},
             "",
             {of == "00"                 ? '1'
              : of == "10" || of == "11" ? '2'
                                         : ' ',
              of == "30" ? '0' : ' '},
             heading(of, random)};
  return made;
}

std::string padded(std::int64_t number, std::size_t digits) {
  auto text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// --- MARC-8

/// An accented letter: in MARC-8 the accent stands before the letter.
struct accented {
  std::string_view utf8;
  std::string_view marc8;
};
constexpr std::array<accented, 6> accented_letters{{{"á",
                                                     "\xE2"
                                                     "a"},
                                                    {"é",
                                                     "\xE2"
                                                     "e"},
                                                    {"í",
                                                     "\xE2"
                                                     "i"},
                                                    {"ó",
                                                     "\xE2"
                                                     "o"},
                                                    {"ú",
                                                     "\xE2"
                                                     "u"},
                                                    {"Í",
                                                     "\xE2"
                                                     "I"}}};

std::string in_marc8(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    auto taken = text.substr(0, 1);
    auto added = taken;
    for (const auto& [utf8, marc8] : accented_letters)
      if (text.starts_with(utf8)) std::tie(taken, added) = std::pair{utf8, marc8};
    made += added;
    text.remove_prefix(taken.size());
  }
  return made;
}

// --- formats

template <class Encode>
std::string iso2709(const record& r, char encoding, const Encode& encode) {
  std::string directory;
  std::string data;
  for (const auto& f : r.fields) {
    const auto begin = data.size();
    if (f.is_control()) {
      data += encode(f.value);
    } else {
      (data += f.indicators[0]) += f.indicators[1];
      for (const auto& s : f.subfields)
        (((data += subfield_delimiter) += s.code) += encode(s.value));
    }
    data += field_terminator;
    const auto size = data.size() - begin;
    if (size > longest_field) throw permanent_error("field " + f.tag + " is too long for ISO 2709");
    directory += f.tag + padded(static_cast<std::int64_t>(size), 4) +
                 padded(static_cast<std::int64_t>(begin), 5);
  }
  directory += field_terminator;
  data += record_terminator;
  auto leader = r.leader;
  const auto base = leader.size() + directory.size();
  if (base + data.size() > longest_record)
    throw permanent_error("a record is too long for ISO 2709");
  leader.replace(0, 5, padded(static_cast<std::int64_t>(base + data.size()), 5));
  leader[9] = encoding;
  leader.replace(12, 5, padded(static_cast<std::int64_t>(base), 5));
  return leader + directory + data;
}

std::string escaped_xml(std::string_view text) {
  std::string made;
  for (const auto c : text) {
    if (c == '&')
      made += "&amp;";
    else if (c == '<')
      made += "&lt;";
    else if (c == '"')
      made += "&quot;";
    else
      made += c;
  }
  return made;
}

}  // namespace

record generated_authority(std::int64_t n, std::uint64_t seed) {
  random_numbers random{seed * 1'000'003 + static_cast<std::uint64_t>(n)};
  record r{"00000nz  a2200000n  4500", {}};
  const auto number = "n" + padded(n, 9);
  const auto add = [&](std::string tag, std::string value) {
    r.fields.push_back({std::move(tag), std::move(value), {' ', ' '}, {}});
  };
  add("001", number);
  add("005", "20260101120000.0");
  add("008", "260101n| azannaabn          |n aaa      ");
  r.fields.push_back({"010", "", {' ', ' '}, {{'a', "n  " + padded(n % 100'000'000, 8) + " "}}});
  r.fields.push_back(
      {"035", "", {' ', ' '}, {{'a', "(Inv)" + std::to_string(random.below(1'000'000'000))}}});
  const auto kind = heading_kinds[static_cast<std::size_t>(n) % heading_kinds.size()];
  r.fields.push_back(heading_field('1', kind, random));
  for (auto i = random.below(4); i > 0; --i) r.fields.push_back(heading_field('4', kind, random));
  for (auto i = random.below(3); i > 0; --i)
    r.fields.push_back(heading_field('5', random.one_of(heading_kinds), random));
  if (random.below(3) == 0)
    r.fields.push_back({"667", "", {' ', ' '}, {{'a', " Seen in " + word(random) + " "}}});
  return r;
}

std::string to_iso2709(const record& r) {
  return iso2709(r, 'a', [](const std::string& text) { return text; });
}

std::string to_marc8(const record& r) {
  return iso2709(r, ' ', [](const std::string& text) { return in_marc8(text); });
}

std::string to_marcxml(const record& r) {
  auto made = "<record><leader>" + escaped_xml(r.leader) + "</leader>";
  for (const auto& f : r.fields) {
    if (f.is_control()) {
      made += "<controlfield tag=\"" + f.tag + "\">" + escaped_xml(f.value) + "</controlfield>";
      continue;
    }
    made += "<datafield tag=\"" + f.tag + "\" ind1=\"" + escaped_xml({&f.indicators[0], 1}) +
            "\" ind2=\"" + escaped_xml({&f.indicators[1], 1}) + "\">";
    for (const auto& s : f.subfields)
      made += "<subfield code=\"" + escaped_xml({&s.code, 1}) + "\">" + escaped_xml(s.value) +
              "</subfield>";
    made += "</datafield>";
  }
  return made + "</record>\n";
}

std::string broken(const record& r, flaw what, format how) {
  auto changed = r;
  if (what == flaw::nameless) changed.fields.erase(changed.fields.begin());
  if (how == format::marcxml) {
    if (what == flaw::indicators) {
      auto text = to_marcxml(changed);
      return text.replace(text.find(" ind1="), 6, " in1=");
    }
    auto text = to_marcxml(changed);
    if (what == flaw::none || what == flaw::nameless) return text;
    const auto cut = text.find("</subfield>");
    return text.erase(cut, std::string_view{"</subfield>"}.size());
  }
  auto bytes = to_iso2709(changed);
  constexpr std::size_t first_entry = 24;
  switch (what) {
    case flaw::none:
    case flaw::nameless:
      return bytes;
    case flaw::length:
      return bytes.replace(0, 5, "00042");
    case flaw::directory:
      return bytes.replace(first_entry + 3, 4, "x0x0");
    case flaw::indicators: {
      const auto at = bytes.find(subfield_delimiter) - 1;
      bytes[at] = 0x07;
      return bytes;
    }
    case flaw::truncated:
      return bytes.substr(0, bytes.size() / 2) + record_terminator;
    case flaw::encoding:
      bytes[bytes.find(subfield_delimiter) + 2] = '\xE9';
      return bytes;
  }
  return bytes;
}

void generate_marc(const std::filesystem::path& path, format how, std::int64_t records,
                   std::int64_t broken_per_mille, std::uint64_t seed) {
  new_file file{path};
  if (how == format::marcxml)
    file.append(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">\n");
  std::int64_t flaws = 0;
  for (std::int64_t n = 0; n < records; ++n) {
    const auto one = generated_authority(n, seed);
    // Spread over the thousand: n·p/1000 grows by one where a record is broken.
    if ((n + 1) * broken_per_mille / 1000 > n * broken_per_mille / 1000)
      file.append(broken(one, static_cast<flaw>(1 + flaws++ % flaw_count), how));
    else if (how == format::marcxml)
      file.append(to_marcxml(one));
    else
      file.append(n % 4 == 3 ? to_marc8(one) : to_iso2709(one));
  }
  if (how == format::marcxml) file.append("</collection>\n");
  file.finish();
}

}  // namespace partita::marc
