#include "storage/sqlite/rows.hpp"

namespace partita::sqlite {

std::vector<std::string> texts_of(const std::string& list) {
  const auto parsed = nlohmann::json::parse(list, nullptr, false);
  std::vector<std::string> texts;
  for (const auto& one : parsed) {
    if (!one.is_string()) throw store_error(errc::damaged, "a row lists names as " + list);
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

step_row to_step(const statement& s) {
  step_row r;
  r.id = s.get<step_id>(0);
  r.run = s.get<run_id>(1);
  r.spec.name = s.get<std::string>(2);
  r.spec.ordinal = s.get<int>(3);
  r.spec.kind = s.get<step_kind>(4);
  r.state = s.get<step_state>(5);
  r.spec.streamed = s.get<bool>(6);
  r.spec.transferable = s.get<bool>(7);
  r.spec.retry.max_attempts = s.get<int>(8);
  r.spec.retry.first_delay = s.get<milliseconds>(9);
  r.spec.retry.factor = s.get<double>(10);
  r.spec.retry.max_delay = s.get<milliseconds>(11);
  r.spec.split_context = s.get<std::string>(12);
  r.count = s.get<std::int64_t>(13);
  r.sealed = s.get<bool>(14);
  r.result = s.get<std::string>(15);
  r.error = s.get<std::string>(16);
  r.started_at = s.get<db_time>(17);
  r.ended_at = s.get<std::optional<db_time>>(18);
  r.spec.after_failure = s.get<bool>(19);
  if (const auto how = s.get<std::optional<decision_kind>>(20))
    r.decided = decision{*how, s.get<std::string>(21)};
  r.spec.at_most = s.get<int>(23);
  r.spec.limits = texts_of(s.get<std::string>(24));
  r.spec.tags = texts_of(s.get<std::string>(25));
  return r;
}

failure_row to_failure(const statement& s) {
  return {s.get<step_id>(0), s.get<partition_no>(1),    s.get<lease_id>(2),    s.get<node_id>(3),
          s.get<int>(4),     s.get<attempt_outcome>(5), s.get<std::string>(6), s.get<db_time>(7)};
}

item_counts counts_at(const statement& s, int column) {
  return {s.get<std::int64_t>(column), s.get<std::int64_t>(column + 1),
          s.get<std::int64_t>(column + 2), s.get<std::int64_t>(column + 3)};
}

}  // namespace partita::sqlite
