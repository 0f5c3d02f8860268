#pragma once

#include <string>
#include <vector>

namespace partita {

/// What the jobs of this process may reach by HTTP: addresses below one of these, which are of the
/// same scheme, host and port, and whose path goes on behind a '/'. Parameters in the database name
/// addresses. Only the operator of a node may choose what it reaches, not every user who may write
/// to the database. Called once, before any job runs; until then nothing is reached. Throws
/// permanent_error for what is no address.
void allow_addresses(const std::vector<std::string>& prefixes);

/// The address as it is asked for: scheme and host in lower case, without the usual port and
/// without "." and ".." in its path. Throws permanent_error, which tells why, for what is no
/// address of http or https, or has a user or a password in it.
std::string plain_address(const std::string& text);

/// plain_address of an address that may be reached. Throws permanent_error, which names the address
/// and what is allowed, for others.
std::string require_allowed_address(const std::string& text);

}  // namespace partita
