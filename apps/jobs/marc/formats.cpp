#include "apps/jobs/marc/formats.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <yaz/marcdisp.h>
#include <yaz/wrbuf.h>
#include <yaz/yaz-iconv.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

struct free_yaz {
  void operator()(yaz_marc_t m) const { yaz_marc_destroy(m); }
  void operator()(yaz_iconv_t cd) const { yaz_iconv_close(cd); }
  void operator()(WRBUF text) const { wrbuf_destroy(text); }
};
template <class Handle>
using yaz_handle = std::unique_ptr<std::remove_pointer_t<Handle>, free_yaz>;

struct free_xml {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
  void operator()(xmlChar* text) const { xmlFree(text); }
};

// --- ISO 2709

constexpr std::size_t leader_bytes = 24;
constexpr std::size_t encoding_at = 9;  // in the leader: 'a' for UTF-8
constexpr char escape = 0x1B;
// libyaz looks a few bytes behind a field before it finds that the field is out of bounds.
constexpr std::size_t bytes_behind = 64;

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0; });
}

void require_size(std::string_view bytes) {
  if (bytes.size() <= leader_bytes)
    throw data_error("it has " + std::to_string(bytes.size()) + " bytes, less than a leader");
  if (bytes.back() != record_terminator) throw data_error("it is cut off: it has no terminator");
  int size = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + 5, size);
  if (error != std::errc{} || end != bytes.data() + 5)
    throw data_error("its leader does not begin with its length: " +
                     utf8::printable(bytes.substr(0, leader_bytes)));
  if (static_cast<std::size_t>(size) != bytes.size())
    throw data_error("its leader says that it has " + std::to_string(size) + " bytes, and it has " +
                     std::to_string(bytes.size()));
}

/// A byte of the set that MARC-8 begins with: ASCII and ANSEL (ANSI/NISO Z39.47) with four control
/// characters of MARC 21 and its two more letters.
bool is_ansel(unsigned char c) {
  if (c < 0x80) return true;
  if (c < 0xA1) return c == 0x88 || c == 0x89 || c == 0x8D || c == 0x8E;
  if (c < 0xE0) return c <= 0xC8 && c != 0xAF && c != 0xBB && c != 0xBE && c != 0xBF;
  return c != 0xFC && c != 0xFD && c != 0xFF;
}

/// libyaz leaves out what is no character. Of the sets that an escape switches to, nothing is known
/// here.
bool is_marc8(std::string_view bytes) {
  return bytes.find(escape) != std::string_view::npos ||
         std::all_of(bytes.begin(), bytes.end(), is_ansel);
}

/// What libyaz has to say about a record that it has read.
std::string remarks_on(yaz_marc_t read) {
  const yaz_handle<WRBUF> text{wrbuf_alloc()};
  yaz_marc_xml(read, YAZ_MARC_CHECK);
  yaz_marc_write_mode(read, text.get());
  std::string all{wrbuf_buf(text.get()), wrbuf_len(text.get())};
  while (all.ends_with('\n')) all.pop_back();
  std::replace(all.begin(), all.end(), '\n', ';');
  return utf8::printable(all);
}

record decode_iso2709(std::string_view bytes) {
  require_size(bytes);
  const yaz_handle<yaz_marc_t> read{yaz_marc_create()};
  yaz_handle<yaz_iconv_t> to_utf8;
  if (bytes[encoding_at] == 'a') {
    if (!utf8::is_valid(bytes)) throw data_error("its leader says UTF-8, and its text is not");
  } else if (!is_ascii(bytes) || bytes.find(escape) != std::string_view::npos) {
    if (!is_ascii(bytes) && utf8::is_valid(bytes))
      throw data_error("its leader says MARC-8, and its text is UTF-8");
    if (!is_marc8(bytes)) throw data_error("its leader says MARC-8, and its text is not");
    to_utf8.reset(yaz_iconv_open("UTF-8", "MARC-8"));
    yaz_marc_iconv(read.get(), to_utf8.get());
  }
  std::string padded{bytes};
  padded.append(bytes_behind, '\0');
  const auto taken =
      yaz_marc_read_iso2709(read.get(), padded.data(), static_cast<int>(bytes.size()));
  if (const auto remarks = remarks_on(read.get()); taken < 0 || !remarks.empty())
    throw data_error(remarks.empty() ? "it is no record" : remarks);
  const yaz_handle<WRBUF> text{wrbuf_alloc()};
  yaz_marc_write_json(read.get(), text.get());
  return parse_record({wrbuf_buf(text.get()), wrbuf_len(text.get())});
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
  if (!document) {
    const auto* error = xmlGetLastError();
    std::string why = error != nullptr && error->message != nullptr ? error->message : "";
    while (why.ends_with('\n')) why.pop_back();
    throw data_error("it is no XML: " + utf8::printable(why));
  }
  const auto* found = xmlDocGetRootElement(document.get())->children;
  while (found != nullptr && found->type != XML_ELEMENT_NODE) found = found->next;
  if (found == nullptr || !is_called(found, "record")) throw data_error("it is no record");
  if (xmlNextElementSibling(const_cast<xmlNode*>(found)) != nullptr)
    throw data_error("a record ends before its end tag");
  return record_of(found);
}

}  // namespace

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
