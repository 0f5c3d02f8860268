// Any text as the JSON of a row: what the engine reads from the database, whoever wrote it, is
// understood or refused with one of the engine's own exceptions.

#include <string>

#include "actors/text.hpp"
#include "batch/errors.hpp"
#include "batch/output_files.hpp"
#include "batch/parameters.hpp"
#include "batch/readers/csv.hpp"
#include "batch/streamed_items.hpp"

using namespace partita;

namespace {

template <class F>
void refused_or_fine(F f) {
  try {
    f();
  } catch (const permanent_error&) {
  } catch (const definition_error&) {
  } catch (const json::exception&) {  // an author's from_json; the executor fails the partition
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  refused_or_fine([&] {
    auto document = parse_document("the document", text);
    refused_or_fine([&] { (void)document.get<csv::slice>(); });
    refused_or_fine([&] { (void)parameters{document}.get<int>("a"); });
    refused_or_fine([&] { (void)parameters{document}.find<std::string>("b"); });
    refused_or_fine([&] {
      packed_items items{document};
      while (const auto* item = items.next()) (void)(item->size() + items.where().size());
    });
    (void)storable(document.dump(-1, ' ', false, json::error_handler_t::replace), 1 << 20);
  });
  refused_or_fine([&] { (void)parse_files(text); });
  (void)readable(text);
  return 0;
}
