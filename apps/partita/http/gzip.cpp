#include "apps/partita/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <system_error>

namespace partita::http {

namespace {

constexpr std::size_t large_text = 50'000;
constexpr int gzip_format = 16 + MAX_WBITS;
constexpr int default_memory = 8;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// What stands before `end`, and in `text` what is behind it.
std::string_view take_until(char end, std::string_view& text) {
  const auto at = std::min(text.find(end), text.size());
  const auto found = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return trimmed(found);
}

bool has_weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto one = take_until(';', parameters);
    if (!one.starts_with("q=")) continue;
    double weight = 0;
    const auto number = one.substr(2);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
    return error == std::errc{} && end == number.data() + number.size() && weight > 0;
  }
  return true;
}

}  // namespace

std::string gzipped(const std::string& text) {
  z_stream packing{};
  const auto level = text.size() < large_text ? Z_DEFAULT_COMPRESSION : Z_BEST_SPEED;
  if (deflateInit2(&packing, level, Z_DEFLATED, gzip_format, default_memory, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc{};
  std::string packed(deflateBound(&packing, text.size()), '\0');
  packing.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  packing.avail_in = static_cast<uInt>(text.size());
  packing.next_out = reinterpret_cast<Bytef*>(packed.data());
  packing.avail_out = static_cast<uInt>(packed.size());
  deflate(&packing, Z_FINISH);  // all at once: there is room for it
  packed.resize(packing.total_out);
  deflateEnd(&packing);
  return packed;
}

bool is_gzip_accepted(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    auto one = take_until(',', accept_encoding);
    if (take_until(';', one) == "gzip") return has_weight(one);
  }
  return false;
}

}  // namespace partita::http
