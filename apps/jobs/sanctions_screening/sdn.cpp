#include "apps/jobs/sanctions_screening/sdn.hpp"

#include "apps/jobs/sanctions_screening/fields.hpp"

namespace partita::screening {

namespace {

constexpr std::size_t entity_columns = 12;
constexpr std::size_t address_columns = 6;
constexpr csv::column_counts alternate_name_columns{4, 5};  // perhaps with remarks

std::optional<std::string> optional_text(const record& from, std::size_t index) {
  const auto field = field_of(from, {index, {}});
  if (field.empty() || field == "-0-") return std::nullopt;
  return std::string{field};
}

std::string text_of(const record& from, const column& at) {
  auto text = optional_text(from, at.index);
  if (!text) refuse(at, "is empty");
  return *std::move(text);
}

}  // namespace

std::string address::text() const {
  return street.value_or("") + " " + city.value_or("") + " " + country.value_or("");
}

entity entity_of(const record& from) {
  require_columns(from, entity_columns, entity_columns);
  entity made;
  made.uid = number_of(from, {0, "uid"});
  made.name = text_of(from, {1, "name"});
  std::size_t index = 2;
  for (auto* field :
       {&made.type, &made.program, &made.title, &made.call_sign, &made.vessel_type, &made.tonnage,
        &made.gross_registered_tonnage, &made.flag, &made.owner, &made.info})
    *field = optional_text(from, index++);
  return made;
}

address address_of(const record& from) {
  require_columns(from, address_columns, address_columns);
  address made;
  made.entity_uid = number_of(from, {0, "entity uid"});
  made.address_uid = number_of(from, {1, "address uid"});
  std::size_t index = 2;
  for (auto* field : {&made.street, &made.city, &made.country, &made.ext})
    *field = optional_text(from, index++);
  return made;
}

alternate_name alternate_name_of(const record& from) {
  require_columns(from, alternate_name_columns.least, alternate_name_columns.most);
  alternate_name made;
  made.entity_uid = number_of(from, {0, "entity uid"});
  made.alternate_uid = number_of(from, {1, "alternate uid"});
  made.type = optional_text(from, 2);
  made.name = text_of(from, {3, "name"});
  return made;
}

csv::rows<entity> entities(const std::filesystem::path& file, const csv::slice& part) {
  return {file, part, entity_columns, entity_of};
}

csv::rows<address> addresses(const std::filesystem::path& file, const csv::slice& part) {
  return {file, part, address_columns, address_of};
}

csv::rows<alternate_name> alternate_names(const std::filesystem::path& file,
                                          const csv::slice& part) {
  return {file, part, alternate_name_columns, alternate_name_of};
}

}  // namespace partita::screening
