#include "batch/writers/xml.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <vector>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/utf8.hpp"

namespace partita::xml {

namespace {

/// The file, written in pieces of a size that suits disks. A failure is kept until `require`, and
/// what follows it is dropped.
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

  template <class... Pieces>
  void add(std::string_view first, Pieces... rest) {
    add(first);
    add(rest...);
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
    // Begins to write to the disk, so that the sync at the end of the file takes less time. Only a
    // hint: a file system that does not support it does no harm.
    ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    pending_.clear();
  }

  std::filesystem::path path_;
  file_handle file_;
  int error_ = 0;
  std::string pending_;
};

/// Printable ASCII that never needs a reference. Most data holds nothing else.
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

void require_allowed(std::string_view text, std::string_view kind, std::string_view name) {
  while (!text.empty()) {
    const auto c = utf8::pop(text);
    if (is_allowed(c)) continue;
    constexpr auto hex = "0123456789ABCDEF";
    const auto what = c == utf8::invalid ? std::string{"invalid UTF-8"}
                                         : std::string{"the character U+"} + hex[c >> 12 & 15] +
                                               hex[c >> 8 & 15] + hex[c >> 4 & 15] + hex[c & 15];
    throw permanent_error(std::string{kind}.append(" ").append(name).append(": ") + what +
                          " cannot be written as XML");
  }
}

/// What stands for `c`, or nothing where it stands for itself. A parser makes one line end of
/// "\r\n", and a space of each blank in an attribute, unless they are written as references.
std::string_view reference_of(char c, bool in_attribute) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\r':
      return "&#13;";
    case '"':
      return "&quot;";
    case '\t':
      return in_attribute ? "&#9;" : "";
    case '\n':
      return in_attribute ? "&#10;" : "";
    default:
      return "";
  }
}

}  // namespace

struct writer::state {
  explicit state(const std::filesystem::path& path) : file(path) {}

  /// The start tag of the innermost element stays open for attributes until something follows.
  void finish_start_tag() {
    if (in_start_tag) file.add(">");
    in_start_tag = false;
  }

  /// `value` as it was judged by `is_plain` or `require_allowed`.
  void add_escaped(std::string_view value, bool in_attribute) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto reference = reference_of(value[i], in_attribute);
      if (reference.empty()) continue;
      file.add(value.substr(begin, i - begin), reference);
      begin = i + 1;
    }
    file.add(value.substr(begin));
  }

  output file;
  std::vector<std::string> open;  // elements, the innermost last
  bool in_start_tag = false;
};

writer::writer(const std::filesystem::path& path, std::string_view root)
    : state_(std::make_unique<state>(path)) {
  state_->file.add("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  start(root);
}

writer::~writer() = default;
writer::writer(writer&&) noexcept = default;
writer& writer::operator=(writer&&) noexcept = default;

void writer::start(std::string_view name) {
  state_->finish_start_tag();
  state_->file.add("<", name);
  state_->file.require();
  state_->open.emplace_back(name);
  state_->in_start_tag = true;
}

void writer::attribute(std::string_view name, std::string_view value) {
  require_allowed(value, "attribute", name);
  state_->file.add(" ", name, "=\"");
  state_->add_escaped(value, true);
  state_->file.add("\"");
}

void writer::element(std::string_view name, std::string_view text) {
  const bool plain = is_plain(text);
  if (!plain) require_allowed(text, "element", name);
  state_->finish_start_tag();
  state_->file.require();
  if (text.empty()) return state_->file.add("<", name, "/>");
  state_->file.add("<", name, ">");
  if (plain)
    state_->file.add(text);
  else
    state_->add_escaped(text, false);
  state_->file.add("</", name, ">");
}

void writer::end() {
  if (state_->in_start_tag)
    state_->file.add("/>");
  else
    state_->file.add("</", state_->open.back(), ">");
  state_->in_start_tag = false;
  state_->open.pop_back();
  state_->file.require();
}

void writer::close() {
  while (!state_->open.empty()) end();
  state_->file.add("\n");
  state_->file.close();
}

}  // namespace partita::xml
