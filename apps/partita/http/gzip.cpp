#include "apps/partita/http/gzip.hpp"

#include <zlib.h>

#include <new>

namespace partita::http {

namespace {

constexpr std::size_t large_text = 50'000;
constexpr int gzip_format = 16 + MAX_WBITS;
constexpr int default_memory = 8;

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

}  // namespace partita::http
