#include "apps/jobs/sanctions_screening/listed.hpp"

#include <algorithm>
#include <string>

#include "apps/jobs/sanctions_screening/sdn.hpp"

namespace partita::screening {

namespace {

std::optional<std::string> text_of(const sql_value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::nullopt : std::optional{*text};
}

}  // namespace

listed::listed(resource_context& from) {
  const auto run = from.first_run().value;
  for (const auto& row :
       from.query("SELECT uid, name FROM screening_entity WHERE run_id = $1 ORDER BY uid", run))
    entities_.push_back(
        {std::get<std::int64_t>(row[0]), prepare(std::get<std::string>(row[1])), {}, {}});
  for (const auto& row :
       from.query("SELECT entity_uid, name FROM screening_alternate_name WHERE run_id = $1"
                  " ORDER BY entity_uid, alternate_name_uid",
                  run))
    if (auto* of = find(std::get<std::int64_t>(row[0])))
      of->alternates.push_back(prepare(std::get<std::string>(row[1])));
  for (const auto& row :
       from.query("SELECT entity_uid, address, city, country FROM screening_address"
                  " WHERE run_id = $1 ORDER BY entity_uid, address_uid",
                  run))
    if (auto* of = find(std::get<std::int64_t>(row[0]))) {
      address one;
      one.street = text_of(row[1]);
      one.city = text_of(row[2]);
      one.country = text_of(row[3]);
      of->addresses.push_back(prepare(one.text()));
    }
}

listed::entity* listed::find(std::int64_t uid) {
  const auto at = std::lower_bound(entities_.begin(), entities_.end(), uid,
                                   [](const entity& e, std::int64_t u) { return e.uid < u; });
  return at == entities_.end() || at->uid != uid ? nullptr : &*at;
}

bool concerns(const parties& payment, const listed::entity& entity) {
  const auto any = [](const name& one, const std::vector<name>& of) {
    return std::any_of(of.begin(), of.end(),
                       [&](const name& other) { return matches(one, other); });
  };
  return matches(payment.beneficiary, entity.main) || matches(payment.ordering, entity.main) ||
         any(payment.beneficiary_address, entity.addresses) ||
         any(payment.ordering_address, entity.addresses) ||
         any(payment.beneficiary, entity.alternates) || any(payment.ordering, entity.alternates);
}

}  // namespace partita::screening
