#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "protocol/ids.hpp"

namespace partita {

class transaction;

/// What a verb does to the database, so that each database does no more for it than it must.
enum class access {
  read,         // changes nothing; several reads of one verb need not see one moment
  light_write,  // a power cut may undo it, but no crash of a process: heartbeats, progress
  single,       // a write that some databases do in one statement, which is a transaction by itself
  write,        // a transaction
};

/// The master a verb of the master is called by: it must drive the run, under this term.
struct master_fence {
  run_id run;    // none: the run of the step
  step_id step;  // none: the verb names a run
  node_id master;
  partita::term term;
};

/// One call of a verb: its algorithm and its arguments. `session::run` executes it.
class verb {
 public:
  verb(std::string_view verb_name, access how) : name(verb_name), mode(how) {}
  virtual ~verb() = default;
  verb(const verb&) = delete;
  verb& operator=(const verb&) = delete;

  /// Does it, inside a transaction that the caller opened and will commit. May be called again in
  /// another one: only the answer of the last time counts.
  virtual void work(transaction& tx) = 0;

  /// The same with copies of its arguments, to be run when the caller is gone. Without an answer.
  virtual std::function<void(transaction&)> detached() const = 0;

  const std::string_view name;  // "claim"
  const access mode;
  std::optional<master_fence> fence;
  bool found_nothing = false;  // the last answer was empty: a claim that got no lease
};

/// One session with a database. Used by one thread at a time; any number of sessions, in any number
/// of processes, work on one database at once.
class session {
 public:
  session() = default;
  virtual ~session() = default;
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Runs a verb in one transaction: it happens as a whole or not at all.
  ///
  /// Throws store_error, and nothing else. `unavailable` means that the outcome is not known: the
  /// transaction may have been committed; the next verb connects anew. `history_lost` means that
  /// nothing was done, and that nothing will be until `database::begin_anew`. Serialization
  /// failures, deadlocks and lock timeouts are tried again inside, a few times, with jitter; then
  /// they are `unavailable` too. A decorator (faults, times) needs to wrap this function only.
  virtual void run(verb& v) = 0;
};

namespace verb_detail {

template <class T>
const T& owned(const T& value) {
  return value;
}
template <class T>
std::vector<T> owned(std::span<const T> values) {
  return {values.begin(), values.end()};
}

template <class Answer>
bool is_nothing(const Answer& answer) {
  if constexpr (requires { answer.has_value(); })
    return !answer.has_value();
  else if constexpr (requires { answer.empty(); })
    return answer.empty();
  else
    return false;
}

/// A verb whose algorithm is a function of a transaction and these arguments, or one of its
/// members.
template <class Algorithm, class Answer, class... Arguments>
class call final : public verb {
 public:
  /// What is passed by reference must outlive the call.
  call(std::string_view verb_name, access how, Algorithm what, Arguments... arguments)
      : verb(verb_name, how), what_(what), arguments_(std::forward<Arguments>(arguments)...) {}

  void work(transaction& tx) override {
    auto run = [&](const auto&... given) -> Answer { return std::invoke(what_, tx, given...); };
    if constexpr (std::is_void_v<Answer>) {
      std::apply(run, arguments_);
    } else {
      answer_.emplace(std::apply(run, arguments_));
      found_nothing = is_nothing(*answer_);
    }
  }

  std::function<void(transaction&)> detached() const override {
    auto copies = std::apply([](const auto&... given) { return std::make_tuple(owned(given)...); },
                             arguments_);
    return [what = what_, copies = std::move(copies)](transaction& tx) {
      std::apply([&](const auto&... given) { std::invoke(what, tx, given...); }, copies);
    };
  }

  Answer take_answer() {
    if constexpr (!std::is_void_v<Answer>) return std::move(*answer_);
  }

  // For decorators that want to know: what was asked, and after it has run, what was answered.
  const std::tuple<Arguments...>& arguments() const { return arguments_; }
  const auto& answer() const { return *answer_; }

 private:
  struct nothing {};
  const Algorithm what_;
  const std::tuple<Arguments...> arguments_;
  std::optional<std::conditional_t<std::is_void_v<Answer>, nothing, Answer>> answer_;
};

}  // namespace verb_detail

/// The type of a call of a hot verb: `hot_call<&transaction::report>`.
template <auto Statement>
struct hot_call_of;
template <class Answer, class... Parameters, Answer (transaction::*Statement)(Parameters...)>
struct hot_call_of<Statement> {
  using type = verb_detail::call<Answer (transaction::*)(Parameters...), Answer, Parameters...>;
};
template <auto Statement>
using hot_call = typename hot_call_of<Statement>::type;

/// A part of a session's verbs, for one kind of user. Copies share the session.
class facet {
 public:
  explicit facet(std::shared_ptr<session> with) : session_(std::move(with)) {}
  facet(const facet&) = default;
  facet& operator=(const facet&) = delete;

 protected:
  /// An algorithm of verbs/.
  template <class Answer, class... Parameters>
  Answer run(std::string_view name, access how, Answer (*algorithm)(transaction&, Parameters...),
             std::type_identity_t<Parameters>... arguments) const {
    return perform<Answer, Parameters...>(name, how, std::nullopt, algorithm, arguments...);
  }

  /// What a database has a statement of its own for.
  template <class Answer, class Rows, class... Parameters>
  Answer run(std::string_view name, access how, Answer (Rows::*statement)(Parameters...),
             std::type_identity_t<Parameters>... arguments) const {
    return perform<Answer, Parameters...>(name, how, std::nullopt, statement, arguments...);
  }

  /// An algorithm of verbs/ for the master of a run: what it is about, the node and the term come
  /// first.
  template <class Answer, class Target, class... Parameters>
  Answer run_fenced(std::string_view name,
                    Answer (*algorithm)(transaction&, Target, node_id, term, Parameters...),
                    Target about, node_id node, term t,
                    std::type_identity_t<Parameters>... arguments) const {
    master_fence fence{{}, {}, node, t};
    if constexpr (std::is_same_v<Target, run_id>)
      fence.run = about;
    else
      fence.step = about;
    return perform<Answer, Target, node_id, term, Parameters...>(
        name, access::write, fence, algorithm, about, node, t, arguments...);
  }

 private:
  template <class Answer, class... Parameters, class Algorithm>
  Answer perform(std::string_view name, access how, const std::optional<master_fence>& fence,
                 Algorithm algorithm, Parameters... arguments) const {
    verb_detail::call<Algorithm, Answer, Parameters...> call{
        name, how, algorithm, std::forward<Parameters>(arguments)...};
    call.fence = fence;
    session_->run(call);
    return call.take_answer();
  }

  const std::shared_ptr<session> session_;
};

}  // namespace partita
