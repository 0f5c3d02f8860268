#include "protocol/pipe_frames.hpp"

#include <cstdint>

namespace partita {

namespace {

constexpr std::size_t head = 5;

bool is_kind(unsigned char byte) {
  return byte >= static_cast<unsigned char>(frame_kind::work) &&
         byte <= static_cast<unsigned char>(frame_kind::log);
}

}  // namespace

std::string to_bytes(const frame& one) {
  std::string bytes;
  bytes.reserve(head + one.text.size());
  for (auto left = one.text.size(); bytes.size() < 4; left >>= 8)
    bytes += static_cast<char>(left & 0xFF);
  bytes += static_cast<char>(one.kind);
  return bytes + one.text;
}

std::optional<frame> frame_reader::next() {
  const auto rest = std::string_view{bytes_}.substr(at_);
  if (damaged_ || rest.size() < head) return std::nullopt;
  std::uint32_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8 | static_cast<unsigned char>(rest[i]);
  const auto kind = static_cast<unsigned char>(rest[4]);
  if (length > longest_frame || !is_kind(kind)) {
    damaged_ = true;
    return std::nullopt;
  }
  if (rest.size() - head < length) return std::nullopt;
  frame found{static_cast<frame_kind>(kind), std::string{rest.substr(head, length)}};
  at_ += head + length;
  if (at_ == bytes_.size() || at_ > std::size_t{1} << 20) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
  return found;
}

}  // namespace partita
