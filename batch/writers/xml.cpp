#include "batch/writers/xml.hpp"

#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/xmlwriter.h>
#include <unistd.h>

#include <array>
#include <new>
#include <system_error>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/readers/utf8.hpp"

namespace partita::xml {

namespace {

/// libxml2 writes in pieces of 4 kB, drops the reason of a failure and prints to stderr instead. So
/// the file is written here; a failure is kept until `require`, and what follows it is dropped.
class output {
 public:
  explicit output(const std::filesystem::path& path)
      : path_(path),
        file_(open_confined(path, O_WRONLY | O_CREAT | O_TRUNC, "cannot write", 0666)) {
    pending_.reserve(buffer_bytes);
  }

  void add(std::string_view bytes) {
    if (pending_.size() + bytes.size() > buffer_bytes) flush();
    pending_.append(bytes);
  }

  void close() {
    flush();
    const int error = file_.close();
    if (error_ == 0) error_ = error;
    require();
  }

  void require() const {
    if (error_ != 0)
      throw std::system_error(error_, std::generic_category(), "cannot write " + path_.string());
  }

 private:
  static constexpr std::size_t buffer_bytes = 256 * 1024;

  void flush() {
    std::string_view rest = pending_;
    while (!rest.empty() && error_ == 0) {
      const auto n = ::write(file_.get(), rest.data(), rest.size());
      if (n >= 0)
        rest.remove_prefix(static_cast<std::size_t>(n));
      else if (errno != EINTR)
        error_ = errno;
    }
    pending_.clear();
  }

  std::filesystem::path path_;
  file_handle file_;
  int error_ = 0;
  std::string pending_;
};

int write_callback(void* context, const char* bytes, int size) {
  static_cast<output*>(context)->add({bytes, static_cast<std::size_t>(size)});
  return size;
}

const xmlChar* chars(const char* text) { return reinterpret_cast<const xmlChar*>(text); }
const xmlChar* chars(const std::string& text) { return chars(text.c_str()); }

/// Printable ASCII that means itself wherever it stands: nearly all of nearly all data.
constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0x20; c < 0x7F; ++c) table[c] = c != '&' && c != '<' && c != '>' && c != '"';
  return table;
}();

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (!plain[static_cast<unsigned char>(c)]) return false;
  return true;
}

/// The Char production of XML 1.0.
bool is_allowed(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0xFFFE && c != 0xFFFF && c != utf8::invalid;
}

void require_allowed(std::string_view text, std::string_view kind, const std::string& name) {
  while (!text.empty()) {
    const auto c = utf8::pop(text);
    if (is_allowed(c)) continue;
    constexpr auto hex = "0123456789ABCDEF";
    const auto what = c == utf8::invalid ? std::string{"invalid UTF-8"}
                                         : std::string{"the character U+"} + hex[c >> 12 & 15] +
                                               hex[c >> 8 & 15] + hex[c >> 4 & 15] + hex[c & 15];
    throw permanent_error(std::string{kind} + " " + name + ": " + what +
                          " cannot be written as XML");
  }
}

/// libxml2 sets itself up at its first use, and not safely when that comes on several threads at
/// once, as it does when executors begin their first partitions together.
void set_up_libxml() {
  static const bool once = (xmlInitParser(), true);
  static_cast<void>(once);
}

}  // namespace

struct writer::state {
  explicit state(const std::filesystem::path& path) : file(path) {
    set_up_libxml();
    auto* buffer = xmlOutputBufferCreateIO(write_callback, nullptr, &file, nullptr);
    if (buffer) out.reset(xmlNewTextWriter(buffer));  // owns the buffer from here
    if (buffer && !out) xmlOutputBufferClose(buffer);
    if (!out) throw std::bad_alloc{};
  }

  /// The result of every call of libxml2 goes through here. With the disk apart, only a want of
  /// memory is left to make one fail.
  void require(int result) const {
    file.require();
    if (result < 0) throw std::bad_alloc{};
  }

  void text(std::string_view value, std::string_view kind, const std::string& name) {
    if (value.empty()) return;
    if (is_plain(value)) {
      require(
          xmlTextWriterWriteRawLen(out.get(), chars(value.data()), static_cast<int>(value.size())));
      return;
    }
    require_allowed(value, kind, name);
    require(xmlTextWriterWriteString(out.get(), chars(std::string{value})));
  }

  output file;  // outlives `out`, which flushes into it when it is freed
  std::unique_ptr<xmlTextWriter, decltype(&xmlFreeTextWriter)> out{nullptr, xmlFreeTextWriter};
};

writer::writer(const std::filesystem::path& path, const std::string& root)
    : state_(std::make_unique<state>(path)) {
  state_->require(xmlTextWriterStartDocument(state_->out.get(), nullptr, "UTF-8", nullptr));
  start(root);
}

writer::~writer() = default;
writer::writer(writer&&) noexcept = default;
writer& writer::operator=(writer&&) noexcept = default;

void writer::start(const std::string& name) {
  state_->require(xmlTextWriterStartElement(state_->out.get(), chars(name)));
}

void writer::attribute(const std::string& name, std::string_view value) {
  state_->require(xmlTextWriterStartAttribute(state_->out.get(), chars(name)));
  state_->text(value, "attribute", name);
  state_->require(xmlTextWriterEndAttribute(state_->out.get()));
}

void writer::element(const std::string& name, std::string_view text) {
  start(name);
  state_->text(text, "element", name);
  end();
}

void writer::end() { state_->require(xmlTextWriterEndElement(state_->out.get())); }

void writer::close() {
  state_->require(xmlTextWriterEndDocument(state_->out.get()));
  state_->require(xmlTextWriterFlush(state_->out.get()));
  state_->file.close();
}

}  // namespace partita::xml
