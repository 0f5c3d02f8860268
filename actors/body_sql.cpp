#include "actors/body_sql.hpp"

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/errors.hpp"

namespace partita {

namespace {

using nlohmann::json;

std::string packed(const json& document) {
  std::string bytes;
  json::to_cbor(document, nlohmann::detail::output_adapter<char>(bytes));
  return bytes;
}

json unpacked(const std::string& text) { return json::from_cbor(text); }

json to_json(const sql_value& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

sql_value to_value(const json& value) {
  if (value.is_null()) return nullptr;
  if (value.is_number_float()) return value.get<double>();
  if (value.is_number()) return value.get<std::int64_t>();
  return value.get<std::string>();
}

json to_json(std::span<const sql_value> values) {
  auto list = json::array();
  for (const auto& value : values) list.push_back(to_json(value));
  return list;
}

json to_json(std::span<const sql_row> rows) {
  auto list = json::array();
  for (const auto& row : rows) list.push_back(to_json(std::span<const sql_value>{row}));
  return list;
}

sql_row to_row(const json& list) {
  sql_row row;
  row.reserve(list.size());
  for (const auto& value : list) row.push_back(to_value(value));
  return row;
}

std::vector<sql_row> to_rows(const json& list) {
  std::vector<sql_row> rows;
  rows.reserve(list.size());
  for (const auto& row : list) rows.push_back(to_row(row));
  return rows;
}

json to_json(const chunk& c) {
  auto skipped = json::array();
  for (const auto& s : c.skipped)
    skipped.push_back({s.item, static_cast<int>(s.stage), s.place, s.why});
  const auto& n = c.to.counts;
  return {c.from, c.to.seq, c.to.position, {n.read, n.written, n.filtered, n.skipped}, skipped};
}

chunk to_chunk(const json& list) {
  chunk c;
  c.from = list.at(0).get<std::int64_t>();
  c.to.seq = list.at(1).get<std::int64_t>();
  c.to.position = list.at(2).get<std::string>();
  const auto& n = list.at(3);
  c.to.counts = {n.at(0).get<std::int64_t>(), n.at(1).get<std::int64_t>(),
                 n.at(2).get<std::int64_t>(), n.at(3).get<std::int64_t>()};
  for (const auto& s : list.at(4)) {
    const auto stage = s.at(1).get<int>();
    if (stage < 0 || stage > static_cast<int>(skip_stage::write))
      throw std::out_of_range("no such stage");
    c.skipped.push_back({s.at(0).get<std::int64_t>(), static_cast<skip_stage>(stage),
                         s.at(2).get<std::string>(), s.at(3).get<std::string>()});
  }
  return c;
}

/// The kinds of errors that cross the pipe, each with its sentence.
constexpr const char* constraint = "constraint";
constexpr const char* senseless = "sql";
constexpr const char* transient = "transient";
constexpr const char* threw = "threw";
constexpr const char* lost_lease = "lease_lost";

/// REQUIRES: called where the exception was caught.
std::pair<std::string, std::string> error_of() {
  try {
    throw;
  } catch (const constraint_error& e) {
    return {constraint, e.what()};
  } catch (const sql_error& e) {
    return {senseless, e.what()};
  } catch (const transient_error& e) {
    return {transient, e.what()};
  } catch (const author_threw& e) {
    return {threw, e.what()};
  } catch (const lease_lost_error& e) {
    return {lost_lease, e.what()};
  } catch (const store_error& e) {
    return {std::to_string(static_cast<int>(e.code())), e.what()};
  } catch (const std::exception& e) {
    return {std::to_string(static_cast<int>(errc::unavailable)), e.what()};
  }
}

[[noreturn]] void throw_error(const std::string& kind, const std::string& why) {
  if (kind == constraint) throw constraint_error(why);
  if (kind == senseless) throw sql_error(why);
  if (kind == transient) throw transient_error(why);
  if (kind == threw) throw author_threw{};
  if (kind == lost_lease) throw lease_lost_error{};
  const int code = std::stoi(kind);
  if (code < 0 || code > static_cast<int>(errc::damaged)) throw std::out_of_range("no such error");
  throw store_error(static_cast<errc>(code), why);
}

frame request(const json& document) { return {frame_kind::sql, packed(document)}; }

/// What came of a request.
json result_of(const frame& told) {
  const auto answer = unpacked(told.text);
  if (answer.at(0) == "ok") return answer.at(1);
  throw_error(answer.at(0).get<std::string>(), answer.at(1).get<std::string>());
}

json fetching(std::string_view statement, std::span<const sql_value> values) {
  return {"fetch", statement, to_json(values)};
}

/// What the author's code in the process speaks to.
class distant_transaction final : public sql_transaction {
 public:
  distant_transaction(const std::function<frame(const frame&)>& ask, std::string dialect)
      : ask_(ask), dialect_(std::move(dialect)) {}

  std::string_view dialect() const override { return dialect_; }

  std::int64_t change(std::string_view statement, std::span<const sql_value> values) override {
    return asked({"change", statement, to_json(values)}).get<std::int64_t>();
  }
  std::vector<sql_row> fetch(std::string_view statement,
                             std::span<const sql_value> values) override {
    return to_rows(asked(fetching(statement, values)));
  }
  void insert(std::string_view table, std::span<const std::string> columns,
              std::span<const sql_row> rows) override {
    asked(
        {"insert", table, std::vector<std::string>(columns.begin(), columns.end()), to_json(rows)});
  }
  void upsert(std::string_view table, std::span<const std::string> columns,
              std::span<const std::string> keys, std::span<const sql_row> rows) override {
    asked({"upsert", table, std::vector<std::string>(columns.begin(), columns.end()), to_json(rows),
           std::vector<std::string>(keys.begin(), keys.end())});
  }
  void attempt(const std::function<void()>& work) override {
    asked({"attempt"});
    try {
      work();
    } catch (...) {
      asked({"undo"});
      throw;
    }
    asked({"release"});
  }

 private:
  json asked(const json& what) { return result_of(ask_(request(what))); }

  const std::function<frame(const frame&)>& ask_;
  std::string dialect_;
};

class queries_by_node final : public sql_queries {
 public:
  explicit queries_by_node(std::function<frame(const frame&)> ask) : ask_(std::move(ask)) {}

  std::vector<sql_row> query(std::string_view statement,
                             std::span<const sql_value> values) override {
    return to_rows(asked(fetching(statement, values)));
  }
  void open_cursor(int cursor, std::string_view statement,
                   std::span<const sql_value> values) override {
    asked({"open_cursor", cursor, statement, to_json(values)});
  }
  std::vector<sql_row> read_cursor(int cursor, std::int64_t after, int most) override {
    return to_rows(asked({"read_cursor", cursor, after, most}));
  }

 private:
  json asked(const json& what) { return result_of(ask_(request(what))); }

  const std::function<frame(const frame&)> ask_;
};

/// What the node's side makes of a request that reads.
json answer_of(const std::string& what, const json& asked, sql_queries& queries) {
  if (what == "fetch")
    return to_json(std::span<const sql_row>{
        queries.query(asked.at(1).get<std::string>(), to_row(asked.at(2)))});
  const auto cursor = asked.at(1).get<int>();
  if (what == "read_cursor")
    return to_json(std::span<const sql_row>{
        queries.read_cursor(cursor, asked.at(2).get<std::int64_t>(), asked.at(3).get<int>())});
  queries.open_cursor(cursor, asked.at(2).get<std::string>(), to_row(asked.at(3)));
  return nullptr;
}

/// An attempt of the author's that is to be undone.
struct undone {};

/// The node's side of one transaction.
class author_server {
 public:
  author_server(sql_transaction& tx, chunk& c, const std::function<frame()>& next,
                const std::function<void(const frame&)>& answer)
      : tx_(tx), c_(c), next_(next), answer_(answer) {}

  void run() {
    answer_({frame_kind::begin, std::string{tx_.dialect()}});
    serve();
    if (interruption_) std::rethrow_exception(interruption_);
  }

 private:
  /// Until the author's code is over, or the attempt that is under way.
  void serve() {
    for (;;) {
      const auto asked = unpacked(next_().text);
      const auto what = asked.at(0).get<std::string>();
      if (what == "over") {
        c_ = to_chunk(asked.at(1));
        return;
      }
      if (what == "threw") {
        if (interruption_) return;
        throw author_threw{};
      }
      if (what == "release") return;
      if (what == "undo") throw undone{};
      reply([&]() -> json { return done(what, asked); });
    }
  }

  template <class Work>
  void reply(Work work) {
    json answer;
    try {
      if (interruption_) std::rethrow_exception(interruption_);
      answer = {"ok", work()};
    } catch (const author_threw&) {
      throw;
    } catch (...) {
      const auto [kind, why] = error_of();
      if (kind != constraint && kind != senseless && kind != transient)
        interruption_ = std::current_exception();
      answer = {kind, why};
    }
    answer_({frame_kind::sql_answer, packed(answer)});
  }

  json done(const std::string& what, const json& asked) {
    if (what == "attempt") return attempt();
    const auto text = asked.at(1).get<std::string>();
    if (what == "change") return tx_.change(text, to_row(asked.at(2)));
    if (what == "fetch")
      return to_json(std::span<const sql_row>{tx_.fetch(text, to_row(asked.at(2)))});
    const auto columns = asked.at(2).get<std::vector<std::string>>();
    const auto rows = to_rows(asked.at(3));
    if (what == "insert")
      tx_.insert(text, columns, rows);
    else if (what == "upsert")
      tx_.upsert(text, columns, asked.at(4).get<std::vector<std::string>>(), rows);
    else
      throw std::runtime_error("no request of a body");
    return nullptr;
  }

  /// Answers to its beginning here; whoever called answers to its end.
  json attempt() {
    bool begun = false;
    try {
      tx_.attempt([&] {
        begun = true;
        answer_({frame_kind::sql_answer, packed({"ok", nullptr})});
        serve();
        if (interruption_) std::rethrow_exception(interruption_);
      });
    } catch (const undone&) {
      if (!begun) throw;
    }
    return nullptr;
  }

  sql_transaction& tx_;
  chunk& c_;
  const std::function<frame()>& next_;
  const std::function<void(const frame&)>& answer_;
  std::exception_ptr interruption_;  // of the database: told, and thrown when the author is through
};

}  // namespace

std::unique_ptr<sql_queries> distant_queries(std::function<frame(const frame&)> ask) {
  return std::make_unique<queries_by_node>(std::move(ask));
}

frame answer_query(const std::string& request, sql_queries& queries) {
  const auto asked = unpacked(request);
  const auto what = asked.at(0).get<std::string>();
  if (what != "fetch" && what != "open_cursor" && what != "read_cursor")
    throw std::runtime_error("no transaction is open");
  json answer;
  try {
    answer = {"ok", answer_of(what, asked, queries)};
  } catch (const std::exception&) {
    const auto [kind, why] = error_of();
    answer = {kind, why};
  }
  return {frame_kind::sql_answer, packed(answer)};
}

frame run_author(const author_work& work, chunk c, const std::function<frame(const frame&)>& ask,
                 const std::string& dialect, std::exception_ptr& thrown) {
  distant_transaction tx{ask, dialect};
  try {
    work(tx, c);
  } catch (...) {
    thrown = std::current_exception();
    return request({"threw"});
  }
  return request({"over", to_json(c)});
}

void serve_author(sql_transaction& tx, chunk& c, const std::function<frame()>& next,
                  const std::function<void(const frame&)>& answer) {
  author_server{tx, c, next, answer}.run();
}

frame to_frame(const chunk_order& order) {
  return {frame_kind::chunk, packed({to_json(order.what), order.with_author})};
}

chunk_order to_order(const std::string& text) {
  const auto list = unpacked(text);
  return {to_chunk(list.at(0)), list.at(1).get<bool>()};
}

frame to_frame(const chunk_answer& answer) {
  return {frame_kind::chunk_answer, packed({to_json(answer.stored), answer.refused, answer.why})};
}

chunk_answer to_chunk_answer(const std::string& text) {
  const auto list = unpacked(text);
  return {to_chunk(list.at(0)), list.at(1).get<std::string>(), list.at(2).get<std::string>()};
}

chunk_answer refusal() {
  auto [kind, why] = error_of();
  return {{}, std::move(kind), std::move(why)};
}

void require_stored(const chunk_answer& answer) {
  if (!answer.refused.empty()) throw_error(answer.refused, answer.why);
}

}  // namespace partita
