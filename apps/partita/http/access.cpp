#include "apps/partita/http/access.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "apps/partita/errors.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/secret_file.hpp"

namespace partita::http {

namespace {

constexpr std::size_t shortest_token = 16;
constexpr std::size_t longest_token = 512;

/// Without leaving early: how long it takes tells nothing of where they differ.
bool same(const std::string& a, const std::string& b) {
  unsigned differ = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    differ |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^
                                    static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]));
  return differ == 0;
}

/// As names of hosts are compared: "Ops.Example." is "ops.example".
std::string plain_host(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return lower(std::move(name));
}

/// The host of "host:port" or "[v6]:port".
std::string host_in(const std::string& header) {
  if (const auto end = header.find(']'); header.starts_with('[') && end != header.npos)
    return header.substr(1, end - 1);
  return header.substr(0, header.find(':'));
}

bool is_literal(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

}  // namespace

tokens tokens::from_file(const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    return cli::usage_error("the file of tokens " + path + " " + why,
                            "each line is NAME read|operate TOKEN; the file has mode 0600, or 0640 "
                            "with a group of its own");
  };
  if (const auto trouble = cli::trouble_of_secret_file(path); !trouble.empty())
    throw refuse(trouble);
  std::ifstream in{path};
  tokens all;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::istringstream words{line};
    std::string name, role, token, more;
    if (!(words >> name) || name.front() == '#') continue;
    if (!(words >> role >> token) || words >> more || (role != "read" && role != "operate"))
      throw refuse(fmt::format("makes no sense in line {}", number));
    if (token.size() < shortest_token || token.size() > longest_token)
      throw refuse(fmt::format("has a token in line {} that is not {} to {} characters long",
                               number, shortest_token, longest_token));
    if (token.find('%') != token.npos)
      throw refuse(
          fmt::format("has a token in line {} with '%' in it, which HTTP would change", number));
    if (all.holder_of(token)) throw refuse(fmt::format("has the token of line {} twice", number));
    const token_holder holder{name, role == "operate" ? token_role::operate : token_role::read};
    for (const auto& [other, known] : all.all_)
      if (other.name == name && other.role != holder.role)
        throw refuse(
            fmt::format("gives {} another role in line {} than in a line before", name, number));
    all.all_.push_back({holder, token});
  }
  if (all.empty()) throw refuse("has no token");
  return all;
}

std::optional<token_holder> tokens::holder_of(const std::string& token) const {
  std::optional<token_holder> found;
  for (const auto& [holder, known] : all_)
    if (same(known, token)) found = holder;
  return found;
}

bool tokens::may_operate() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const entry& one) { return one.holder.role == token_role::operate; });
}

access_rules::access_rules(const address& at, tokens known, std::vector<std::string> names)
    : open_(at.is_loopback()), tokens_(std::move(known)), names_(std::move(names)) {
  if (!open_ && tokens_.empty())
    throw cli::usage_error(at.text() + " can be reached from other machines: that takes tokens",
                           "give --http-tokens FILE, or listen at 127.0.0.1");
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  names_.insert(names_.end(), {"localhost", host, at.host});
  for (auto& name : names_) name = plain_host(name);
}

/// A page of another site must not reach us by a name that it has pointed at this machine.
void access_rules::require_known_host(const request& what) const {
  const auto host = plain_host(host_in(what.header("host")));
  if (is_literal(host) || std::find(names_.begin(), names_.end(), host) != names_.end()) return;
  throw http_error(403, "unknown_host", "this server does not answer for the host " + host,
                   "name it with --http-names");
}

token_holder access_rules::who(const request& what) const {
  require_known_host(what);
  const std::string scheme = "bearer ";
  const auto given = what.header("authorization");
  if (lower(given.substr(0, scheme.size())) != scheme)
    throw http_error(401, "token_missing", "this takes a token",
                     "send it as Authorization: Bearer TOKEN");
  if (auto holder = tokens_.holder_of(given.substr(scheme.size()))) return *holder;
  throw http_error(401, "token_wrong", "nobody has this token");
}

void access_rules::allow_reading(const request& what) const {
  require_known_host(what);
  if (!open_) who(what);
}

token_holder access_rules::allow_changing(const request& what) const {
  auto holder = who(what);
  if (holder.role != token_role::operate)
    throw http_error(403, "read_only", "the token of " + holder.name + " may only read");
  const auto type = lower(what.header("content-type"));
  if (type != "application/json" && !type.starts_with("application/json;"))
    throw http_error(415, "not_json", "a request that changes something must be application/json");
  const auto origin = lower(what.header("origin"));
  const auto scheme = origin.find("://");
  if (!origin.empty() &&
      (scheme == std::string::npos || origin.substr(scheme + 3) != lower(what.header("host"))))
    throw http_error(403, "cross_site", "a page of another site may not change anything here");
  const auto site = what.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none")
    throw http_error(403, "cross_site", "a page of another site may not change anything here");
  return holder;
}

}  // namespace partita::http
