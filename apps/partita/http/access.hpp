#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/partita/http/message.hpp"
#include "apps/partita/http/server.hpp"

// Who may ask what.
namespace partita::http {

enum class token_role { read, operate };

/// The holder of a token.
struct token_holder {
  std::string name;  // for the event log
  token_role role = token_role::read;
};

/// A file with a line for each token: NAME read|operate TOKEN. Empty lines and those that begin
/// with
/// '#' do not count.
class tokens {
 public:
  tokens() = default;
  /// Throws command_error (usage) with what is wrong: others may read or write the file, a line
  /// makes no sense, a token is too short or there twice, a name has two roles.
  static tokens from_file(const std::string& path);

  /// Who holds this token. Takes as long for a wrong one as for a right one.
  std::optional<token_holder> holder_of(const std::string& token) const;
  bool empty() const { return all_.empty(); }
  bool may_operate() const;

 private:
  struct entry {
    token_holder holder;
    std::string token;
  };
  std::vector<entry> all_;
};

/// The rules of one server. On a loopback address everybody may read; elsewhere only who has a
/// token. To change something takes a token that may operate, JSON, and no other site behind it.
class access_rules {
 public:
  /// Throws command_error (usage): an address that others reach needs tokens. `names`: host names
  /// that lead here, beside addresses, localhost and the name of this machine.
  access_rules(const address& at, tokens known, std::vector<std::string> names);

  /// Throws http_error 400, 401 or 403.
  void allow_reading(const request& what) const;
  /// Who asks. Throws http_error 401, 403 or 415.
  token_holder allow_changing(const request& what) const;
  /// Who asks; throws http_error 401 for nobody.
  token_holder who(const request& what) const;

  bool may_operate() const { return tokens_.may_operate(); }

 private:
  void require_known_host(const request& what) const;

  const bool open_;  // reading needs no token
  const tokens tokens_;
  std::vector<std::string> names_;
};

}  // namespace partita::http
