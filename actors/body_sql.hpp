#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batch/sql.hpp"
#include "protocol/pipe_frames.hpp"

namespace partita {

// What a body in a process of its own does in the database. The process has no session: it sends
// each statement to its node, which executes it, and answers.
//
// One that reads, outside a transaction, or rows of a cursor:
//   statement                               ->
//                                           <-   sql_answer
//
// A transaction: the node holds it, and commits when the author's code has returned.
//
//   process                                      node
//   chunk                                   ->
//                                           <-   begin         (again after a lost race)
//   statement, or begin or end of an attempt ->
//                                           <-   sql_answer
//   over: the author's code returned, or threw ->
//                                           <-   chunk_answer

/// In the process: reads by its node. `ask` sends a frame and returns the answer to it.
std::unique_ptr<sql_queries> distant_queries(std::function<frame(const frame&)> ask);
/// In the node: the answer. Throws for a request that has no sense.
frame answer_query(const std::string& request, sql_queries& queries);

/// In the process: runs `work` against its node. `ask` sends a frame and returns the answer to it.
/// `dialect` came with `begin`. Returns what is to be said when it is over. What `work` throws is
/// kept in `thrown`.
frame run_author(const author_work& work, chunk c, const std::function<frame(const frame&)>& ask,
                 const std::string& dialect, std::exception_ptr& thrown);

/// Thrown in the node where the author's code threw in its process.
class author_threw : public std::runtime_error {
 public:
  author_threw() : std::runtime_error("the author's code threw") {}
};

/// In the node: does what the process asks, until its author's code is over. `next` is the next
/// frame of the process, `answer` sends one. Throws author_threw, and what the database fails with.
void serve_author(sql_transaction& tx, chunk& c, const std::function<frame()>& next,
                  const std::function<void(const frame&)>& answer);

/// The chunk that a process wants to store, and whether its author has something to do with it.
struct chunk_order {
  chunk what;
  bool with_author = false;
};
frame to_frame(const chunk_order& order);
chunk_order to_order(const std::string& text);

/// What became of it: the chunk as it was stored, or why not.
struct chunk_answer {
  chunk stored;
  std::string refused;  // the kind of the error; empty: stored
  std::string why;
};
frame to_frame(const chunk_answer& answer);
chunk_answer to_chunk_answer(const std::string& text);

/// REQUIRES: called where the exception was caught.
chunk_answer refusal();
/// Throws what refusal() was made of.
void require_stored(const chunk_answer& answer);

}  // namespace partita
