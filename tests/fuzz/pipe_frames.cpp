// Any bytes as what a process for bodies says, whose memory may be damaged: they are understood, or
// refused with an exception; and frames survive any cut.

#include <string>

#include "actors/body_messages.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  frame_reader whole, cut;
  whole.append(bytes);
  for (char one : bytes) cut.append({&one, 1});
  while (auto one = whole.next()) {
    if (cut.next() != one) __builtin_trap();
    try {
      switch (one->kind) {
        case frame_kind::work:
          (void)to_work(one->text);
          break;
        case frame_kind::trust:
          (void)to_time(one->text);
          break;
        case frame_kind::answer:
          (void)to_answer(one->text);
          break;
        case frame_kind::checkpoint:
          (void)to_checkpoint(one->text);
          break;
        case frame_kind::progress:
          (void)to_progress(one->text);
          break;
        case frame_kind::ended:
          (void)to_end(one->text);
          break;
        case frame_kind::stop:
          break;
      }
    } catch (const std::exception&) {
    }
  }
  if (cut.damaged() != whole.damaged()) {
    (void)cut.next();  // it is found at the next look
    if (cut.damaged() != whole.damaged()) __builtin_trap();
  }
  return 0;
}
