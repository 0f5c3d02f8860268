#include "storage/migrate.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace partita {

int migration_text::version() const {
  int number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

int migration_text::works_with() const {
  constexpr std::string_view words = "-- works with: ";
  int number = version();
  if (sql.starts_with(words))
    std::from_chars(sql.data() + words.size(), sql.data() + sql.size(), number);
  return number;
}

std::string migration_text::checksum() const {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a, 64 bit
  for (unsigned char c : sql) hash = (hash ^ c) * 1099511628211ULL;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  return hex;
}

schema_status compare_schema(const std::vector<migration_text>& known,
                             const std::vector<applied_migration>& applied) {
  schema_status status;
  status.lowest = lowest_schema;
  for (const auto& a : applied) {
    status.found = std::max(status.found, a.version);
    status.works_with = std::max(status.works_with, a.works_with);
  }
  for (const auto& k : known) {
    migration_status m{k.version(), std::string{k.name}, false, false};
    status.expected = std::max(status.expected, m.version);
    for (const auto& a : applied) {
      if (a.version != m.version) continue;
      m.applied = true;
      m.altered = a.checksum != k.checksum();
    }
    status.migrations.push_back(m);
  }
  return status;
}

void require_fit(const schema_status& status, const std::string& address) {
  if (status.fits()) return;
  if (status.found == 0)
    throw store_error(errc::schema_missing, address +
                                                " holds no Partita tables yet; create them with "
                                                "`partita schema migrate`");
  const auto has = address + " has schema version " + std::to_string(status.found);
  if (status.found < status.lowest)
    throw store_error(errc::schema_mismatch, has + ", this program needs " +
                                                 std::to_string(status.lowest) +
                                                 "; bring it up to date with "
                                                 "`partita schema migrate`");
  if (status.works_with > status.expected)
    throw store_error(errc::schema_mismatch,
                      has + ", which needs a program that knows version " +
                          std::to_string(status.works_with) + "; this one knows " +
                          std::to_string(status.expected) + ": use the newer program");
  throw store_error(errc::schema_mismatch,
                    address +
                        ": an applied migration differs from the one this program carries; "
                        "see `partita schema verify`");
}

}  // namespace partita
