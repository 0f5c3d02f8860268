// Any words as the options of a node, and the first of them as the address of its database. Either
// there are settings that are safe, or one sentence says what is wrong; no password is overlooked
// on a command line, and none is repeated.

#include <string>

#include "apps/partita/errors.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/passwords.hpp"
#include "storage/postgres/conninfo.hpp"

using namespace partita;

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void read_options(const std::vector<std::string>& words) {
  static const auto options = cli::node_setting_options();
  try {
    const cli::arguments args{options, words};
    require(problems(cli::settings_of(args)).empty());
    require(!cli::file_folders(args).empty());
  } catch (const cli::command_error& e) {
    require(std::string{e.what()}.size() > 10 && e.exit() == cli::exit_code::usage);
  }
}

void read_address(const std::string& text) {
  try {
    const postgres::conninfo address{text};
    for (const char* secret : {"password", "sslpassword"})
      require(address.get_given(secret).empty() || cli::holds_password(text));
    const auto password = address.get_given("password");
    const auto place = text.find(password);
    if (password.size() > 8 && place != text.npos && place == text.rfind(password))
      require(address.address().find(password) == std::string::npos);
  } catch (const store_error& e) {
    require(e.code() == errc::bad_request);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words;
  std::string text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (words.empty()) return 0;
  read_address(words.front().c_str());  // as an argument of a process comes
  read_options(words);
  return 0;
}
