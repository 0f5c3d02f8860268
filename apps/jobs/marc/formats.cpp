#include "apps/jobs/marc/formats.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <yaz/yaz-iconv.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <utility>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

struct free_yaz {
  void operator()(yaz_iconv_t converter) const { yaz_iconv_close(converter); }
};
template <class Handle>
using yaz_handle = std::unique_ptr<std::remove_pointer_t<Handle>, free_yaz>;

struct free_xml {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(xmlChar* text) const { xmlFree(text); }
};

// --- MARC-8, by libyaz

constexpr char escape = 0x1B;
constexpr std::size_t most_marks = 7;  // in a row, before the letter: libyaz keeps no more

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// A byte of the set that MARC-8 begins with: ASCII and ANSEL (ANSI/NISO Z39.47) with four control
/// characters of MARC 21 and its two more letters.
bool is_ansel(unsigned char c) {
  if (c < 0x80) return true;
  if (c < 0xA1) return c == 0x88 || c == 0x89 || c == 0x8D || c == 0x8E;
  if (c < 0xE0) return c <= 0xC8 && c != 0xAF && c != 0xBB && c != 0xBE && c != 0xBF;
  return c != 0xFC && c != 0xFD && c != 0xFF;
}

/// A byte that is a mark over or under a letter in one of the sets, in whichever half it stands.
bool may_be_mark(unsigned char c) {
  const auto low = c & 0x7F;
  return c >= 0xE0 || (low >= 0x21 && low <= 0x2F) || (low >= 0x40 && low <= 0x4F) ||
         (low >= 0x6B && low <= 0x72);
}

/// The bytes of the escape sequence at the front, which changes the set; 0: it is none.
std::size_t escape_bytes(std::string_view at) {
  const auto is_one_of = [&](std::size_t i, std::string_view wanted) {
    return i < at.size() && wanted.find(at[i]) != std::string_view::npos;
  };
  std::size_t size = 1;
  if (is_one_of(size, "gbps")) return 2;
  const bool many_bytes = is_one_of(size, "$");
  if (many_bytes) ++size;
  if (is_one_of(size, "(,)-"))
    ++size;
  else if (!many_bytes)
    return 0;
  if (is_one_of(size, "!")) ++size;
  return is_one_of(size, "1234BENQS") ? size + 1 : 0;
}

/// libyaz leaves out what is no character, and reads on behind the text where too many marks follow
/// each other: only what is surely MARC-8 gets there.
bool is_marc8(std::string_view text) {
  bool switched = false;
  bool east_asian = false;  // then three bytes below 0x80 are a character, and none is a mark
  std::size_t marks = 0;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (text.front() == escape) {
      const auto size = escape_bytes(text);
      if (size == 0) return false;
      const auto sequence = text.substr(1, size - 1);
      if (sequence.find(')') == std::string_view::npos &&
          sequence.find('-') == std::string_view::npos)
        east_asian = sequence.starts_with('$');
      switched = true;
      text.remove_prefix(size);
      continue;
    }
    if (!switched && !is_ansel(byte)) return false;
    const bool mark = switched ? may_be_mark(byte) && !(east_asian && byte < 0x80) : byte >= 0xE0;
    marks = mark ? marks + 1 : 0;
    if (marks > most_marks) return false;
    text.remove_prefix(1);
  }
  return true;
}

/// Throws data_error where something is no character, or would be lost.
std::string utf8_of_marc8(std::string_view value) {
  if (is_ascii(value) && value.find(escape) == std::string_view::npos) return std::string{value};
  const auto refuse = [] { throw data_error("its leader says MARC-8, and its text is not"); };
  if (!is_marc8(value)) refuse();
  const yaz_handle<yaz_iconv_t> to_utf8{yaz_iconv_open("UTF-8", "MARC-8")};
  std::string made(4 * value.size() + 16, '\0');
  auto* in = const_cast<char*>(value.data());
  auto in_left = value.size();
  auto* out = made.data();
  auto out_left = made.size();
  const auto failed = static_cast<std::size_t>(-1);
  if (yaz_iconv(to_utf8.get(), &in, &in_left, &out, &out_left) == failed || in_left != 0 ||
      yaz_iconv(to_utf8.get(), nullptr, nullptr, &out, &out_left) == failed)
    refuse();
  made.resize(made.size() - out_left);
  return made;
}

// --- ISO 2709. Strict: libyaz reads past what is wrong with a directory or a field, and what it
// leaves out is not told.

constexpr std::size_t leader_bytes = 24;
constexpr std::size_t encoding_at = 9;   // in the leader: 'a' for UTF-8
constexpr std::size_t base_at = 12;      // of the data
constexpr std::size_t entry_bytes = 12;  // of the directory: tag, 4 digits of length, 5 of place

/// Digits and nothing else; -1: they are not.
std::int64_t number_of(std::string_view digits) {
  std::int64_t number = 0;
  const auto* const end = digits.data() + digits.size();
  const bool all =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return all && std::from_chars(digits.data(), end, number).ptr == end ? number : -1;
}

void require_size(std::string_view bytes) {
  if (bytes.size() <= leader_bytes)
    throw data_error("it has " + std::to_string(bytes.size()) + " bytes, less than a leader");
  if (bytes.back() != record_terminator) throw data_error("it is cut off: it has no terminator");
  const auto size = number_of(bytes.substr(0, 5));
  if (size < 0)
    throw data_error("its leader does not begin with its length: " +
                     utf8::printable(bytes.substr(0, leader_bytes)));
  if (std::cmp_not_equal(size, bytes.size()))
    throw data_error("its leader says that it has " + std::to_string(size) + " bytes, and it has " +
                     std::to_string(bytes.size()));
  if (bytes.find('\0') != std::string_view::npos) throw data_error("it holds a NUL byte");
}

/// Throws data_error unless the text is what the leader says.
void require_encoding(std::string_view bytes) {
  if (bytes[encoding_at] == 'a') {
    if (!utf8::is_valid(bytes)) throw data_error("its leader says UTF-8, and its text is not");
  } else if (!is_ascii(bytes) && utf8::is_valid(bytes)) {
    throw data_error("its leader says MARC-8, and its text is UTF-8");
  }
}

/// Indicators and subfields of a field, without its terminator.
template <class Decode>
void read_subfields(std::string_view content, const std::string& where, const Decode& text,
                    field& into) {
  if (content.size() < 2) throw data_error(where + "it has no indicators");
  into.indicators = {content[0], content[1]};
  for (content.remove_prefix(2); !content.empty();) {
    if (content.front() != subfield_delimiter)
      throw data_error(where + "something stands before its first subfield");
    const auto end = std::min(content.find(subfield_delimiter, 1), content.size());
    if (end < 2) throw data_error(where + "a subfield has no code");
    into.subfields.push_back({content[1], text(content.substr(2, end - 2))});
    content.remove_prefix(end);
  }
}

record decode_iso2709(std::string_view bytes) {
  require_size(bytes);
  require_encoding(bytes);
  const auto text = [marc8 = bytes[encoding_at] != 'a'](std::string_view value) {
    return marc8 ? utf8_of_marc8(value) : std::string{value};
  };
  const auto base = number_of(bytes.substr(base_at, 5));
  const auto directory_end = bytes.find(field_terminator, leader_bytes);
  if (base < 0 || std::cmp_not_equal(base, directory_end + 1))
    throw data_error("its directory does not end where its leader says");
  const auto directory = bytes.substr(leader_bytes, directory_end - leader_bytes);
  if (directory.size() % entry_bytes != 0)
    throw data_error("its directory has " + std::to_string(directory.size()) +
                     " bytes: entries have 12 each");
  const auto data = bytes.substr(directory_end + 1, bytes.size() - directory_end - 2);
  record made{std::string{bytes.substr(0, leader_bytes)}, {}};
  std::size_t covered = 0;
  for (std::size_t at = 0; at < directory.size(); at += entry_bytes) {
    field f;
    f.tag = directory.substr(at, 3);
    const auto no = made.fields.size() + 1;
    const auto where = "field " + std::to_string(no) + " (" + utf8::printable(f.tag) + "): ";
    const auto size = number_of(directory.substr(at + 3, 4));
    const auto begin = number_of(directory.substr(at + 7, 5));
    if (size < 0 || begin < 0) throw data_error(where + "its entry of the directory is no number");
    if (size == 0 || std::cmp_greater(begin + size, data.size()))
      throw data_error(where + "it is not where its entry of the directory says");
    const auto whole = data.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    if (whole.find(field_terminator) != whole.size() - 1)
      throw data_error(where + "it does not end where its entry of the directory says");
    covered += whole.size();
    const auto content = whole.substr(0, whole.size() - 1);
    if (f.is_control())
      f.value = text(content);
    else
      read_subfields(content, where, text, f);
    require_valid(f, no);
    made.fields.push_back(std::move(f));
  }
  if (covered != data.size()) throw data_error("its directory does not name all that it holds");
  return made;
}

// --- MARC-XML

bool is_called(const xmlNode* node, const char* name) {
  return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST name) != 0;
}

std::string name_of(const xmlNode* node) {
  return utf8::printable(reinterpret_cast<const char*>(node->name));
}

std::string text_of(const xmlNode* node) {
  const std::unique_ptr<xmlChar, free_xml> text{xmlNodeGetContent(node)};
  return text ? reinterpret_cast<const char*>(text.get()) : "";
}

std::string attribute(const xmlNode* node, const char* name) {
  const std::unique_ptr<xmlChar, free_xml> text{xmlGetNoNsProp(node, BAD_CAST name)};
  return text ? reinterpret_cast<const char*>(text.get()) : "";
}

char character(const xmlNode* node, const char* name) {
  const auto text = attribute(node, name);
  if (text.size() == 1) return text.front();
  throw data_error("the attribute " + std::string{name} + " of a " + name_of(node) +
                   " is not one character: \"" + utf8::printable(text) + '"');
}

field data_field(const xmlNode* node) {
  field made{attribute(node, "tag"), "", {character(node, "ind1"), character(node, "ind2")}, {}};
  if (made.is_control()) throw data_error("a datafield has the tag " + utf8::printable(made.tag));
  for (const auto* child = node->children; child != nullptr; child = child->next) {
    if (child->type != XML_ELEMENT_NODE) continue;
    if (!is_called(child, "subfield")) throw data_error("a datafield holds a " + name_of(child));
    made.subfields.push_back({character(child, "code"), text_of(child)});
  }
  return made;
}

field control_field(const xmlNode* node) {
  field made{attribute(node, "tag"), text_of(node), {' ', ' '}, {}};
  if (!made.is_control())
    throw data_error("a controlfield has the tag " + utf8::printable(made.tag));
  return made;
}

record record_of(const xmlNode* node) {
  record made;
  for (const auto* child = node->children; child != nullptr; child = child->next) {
    if (child->type != XML_ELEMENT_NODE) continue;
    if (is_called(child, "leader"))
      made.leader = text_of(child);
    else if (is_called(child, "controlfield"))
      made.fields.push_back(control_field(child));
    else if (is_called(child, "datafield"))
      made.fields.push_back(data_field(child));
    else
      throw data_error("a record holds a " + name_of(child));
    if (!is_called(child, "leader")) require_valid(made.fields.back(), made.fields.size());
  }
  require_leader(made.leader);
  return made;
}

/// Why an element is no XML: the first thing that is wrong with it.
std::string first_error(std::string_view bytes) {
  std::string why;
  xmlSetStructuredErrorFunc(&why, [](void* to, auto* error) {
    auto& first = *static_cast<std::string*>(to);
    if (first.empty() && error->level == XML_ERR_FATAL && error->message != nullptr)
      first = error->message;
  });
  const std::unique_ptr<xmlDoc, free_xml> document{xmlReadMemory(
      bytes.data(), static_cast<int>(bytes.size()), nullptr, "UTF-8", XML_PARSE_NONET)};
  xmlSetStructuredErrorFunc(nullptr, nullptr);
  while (why.ends_with('\n')) why.pop_back();
  // Lines are counted from where the record begins: nobody can find them.
  constexpr std::string_view line = " line ";
  for (std::size_t at = 0; (at = why.find(line, at)) != std::string::npos;) {
    const auto end = std::min(why.find_first_not_of("0123456789", at + line.size()), why.size());
    why.erase(at, end - at);
  }
  return why.empty() ? "it is not whole" : utf8::printable(why);
}

/// The element stands alone here: the prefix that the document gives to the names of MARC is
/// declared around it.
record decode_marcxml(std::string_view bytes) {
  const auto name_end = bytes.find_first_of(": \t\r\n/>");
  const std::string prefix{name_end != std::string_view::npos && bytes[name_end] == ':'
                               ? bytes.substr(1, name_end - 1)
                               : ""};
  const auto around = prefix.empty()
                          ? std::string{"<collection>"}
                          : "<collection xmlns:" + prefix + "=\"http://www.loc.gov/MARC21/slim\">";
  const auto whole = around + std::string{bytes} + "</collection>";
  const std::unique_ptr<xmlDoc, free_xml> document{
      xmlReadMemory(whole.data(), static_cast<int>(whole.size()), nullptr, "UTF-8",
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)};
  if (!document) throw data_error("it is no XML: " + first_error(bytes));
  const auto* found = xmlDocGetRootElement(document.get())->children;
  while (found != nullptr && found->type != XML_ELEMENT_NODE) found = found->next;
  if (found == nullptr || !is_called(found, "record")) throw data_error("it is no record");
  if (xmlNextElementSibling(const_cast<xmlNode*>(found)) != nullptr)
    throw data_error("a record ends before its end tag");
  return record_of(found);
}

}  // namespace

bool is_collection(std::string_view xml) {
  const std::unique_ptr<xmlDoc, free_xml> document{
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8",
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)};
  const auto* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  return root != nullptr && is_called(root, "collection");
}

record decode(format how, std::string_view bytes) {
  switch (how) {
    case format::json:
      return parse_record(bytes);
    case format::iso2709:
      return decode_iso2709(bytes);
    case format::marcxml:
      return decode_marcxml(bytes);
  }
  throw data_error("there is no such format");
}

}  // namespace partita::marc
