// Any texts as the parameters of a run: they are checked or refused with sentences, never an
// exception; what is accepted survives the way through the database.

#include <map>
#include <string>

#include "batch/parameters.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<parameter_spec> specs = [] {
    std::vector<parameter_spec> all(4);
    const parameter_type types[] = {parameter_type_of<int>(), parameter_type_of<double>(),
                                    parameter_type_of<bool>(), parameter_type_of<std::string>()};
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].name = std::string(1, static_cast<char>('a' + i));
      all[i].type = types[i];
    }
    return all;
  }();
  std::map<std::string, std::string> given;
  std::string text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto equals = text.find('=', at);
    if (equals < end)
      given[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
    at = end + 1;
  }
  auto checked = check_parameters(specs, given);
  if (!checked.problems.empty()) return 0;
  auto identity = identity_of(specs, checked.values);
  auto back = json::parse(checked.values.dump());
  if (identity_of(specs, back) != identity) __builtin_trap();
  return 0;
}
