#include "apps/partita/errors.hpp"

#include "apps/partita/text.hpp"
#include "batch/errors.hpp"

namespace partita::cli {

command_error usage_error(const std::string& sentence, std::string hint) {
  return {exit_code::usage, "usage", sentence, std::move(hint)};
}

exit_code exit_of(errc code) {
  switch (code) {
    case errc::unavailable:
    case errc::access_denied:
      return exit_code::unreachable;
    case errc::not_found:
      return exit_code::not_found;
    case errc::already_running:
    case errc::launch_key_taken:
    case errc::wrong_state:
      return exit_code::conflict;
    case errc::bad_request:
      return exit_code::usage;
    case errc::schema_missing:
    case errc::schema_mismatch:
      return exit_code::schema;
    case errc::missing_right:
    case errc::fenced:
    case errc::lease_lost:
    case errc::term_lost:
    case errc::history_lost:
    case errc::damaged:
      return exit_code::failed;
  }
  return exit_code::failed;
}

exit_code exit_of(run_state state) {
  switch (state) {
    case run_state::failed:
      return exit_code::failed;
    case run_state::stopped:
      return exit_code::stopped;
    case run_state::created:
    case run_state::running:
    case run_state::completed:
      return exit_code::ok;
  }
  return exit_code::failed;
}

failure describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const command_error& e) {
    return {e.exit(), e.code(), e.what(), e.hint()};
  } catch (const store_error& e) {
    return {exit_of(e.code()), std::string{to_string(e.code())}, e.what(), ""};
  } catch (const definition_error& e) {
    return {exit_code::usage, "bad_definition", e.what(), ""};
  } catch (const std::exception& e) {
    return {exit_code::failed, "internal", e.what(), ""};
  } catch (...) {
    return {exit_code::failed, "internal", "something was thrown that is not an exception", ""};
  }
}

std::string render(const failure& what, const std::string& program, bool as_json) {
  if (!as_json) {
    auto text = program + ": " + escape_controls(what.message) + "\n";
    if (!what.hint.empty()) text += "  " + escape_controls(what.hint) + "\n";
    return text;
  }
  document error{{"code", what.code}, {"message", what.message}};
  error["hint"] = what.hint.empty() ? document(nullptr) : document(what.hint);
  return dump(document{{"error", error}}) + "\n";
}

}  // namespace partita::cli
