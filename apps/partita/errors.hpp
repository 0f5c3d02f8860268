#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "protocol/errors.hpp"
#include "protocol/states.hpp"

namespace partita::cli {

/// What the shell gets to know. Part of the interface: scripts branch on these.
enum class exit_code : int {
  ok = 0,           // done; a run that was waited for is COMPLETED
  failed = 1,       // the run FAILED, or the operation did
  usage = 2,        // the command line or a setting is wrong; nothing was done
  not_found = 3,    // no such run or job
  conflict = 4,     // under way already, or not possible in its present state
  unreachable = 5,  // no database there, or it refuses the user
  timeout = 6,      // --timeout passed first
  schema = 7,       // the tables are not of this version of Partita
  stopped = 8,      // the run is STOPPED
  interrupted = 130,
};

/// An error of the command line's own. `what()` is one sentence, without the program's name.
class command_error : public std::runtime_error {
 public:
  command_error(exit_code exit, std::string code, const std::string& sentence,
                std::string hint = "")
      : std::runtime_error(sentence), exit_(exit), code_(std::move(code)), hint_(std::move(hint)) {}

  exit_code exit() const { return exit_; }
  const std::string& code() const { return code_; }  // stable, as errc names are
  const std::string& hint() const { return hint_; }  // what to do about it; may be empty

 private:
  exit_code exit_;
  std::string code_;
  std::string hint_;
};

/// The command line itself is wrong.
command_error usage_error(const std::string& sentence, std::string hint = "");

exit_code exit_of(errc code);
/// Of a run that was waited for. A live run is `ok`: nothing is wrong with it.
exit_code exit_of(run_state state);

/// Any exception as what a user gets to see of it.
struct failure {
  exit_code exit = exit_code::failed;
  std::string code;
  std::string message;
  std::string hint;
};
failure describe(const std::exception_ptr& error);

/// `PROGRAM: message` and the hint on a line of its own, or {"error":{…}}. Ends with a newline.
std::string render(const failure& what, const std::string& program, bool as_json);

}  // namespace partita::cli
