#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/attempt.hpp"
#include "actors/body_messages.hpp"
#include "actors/body_sql.hpp"
#include "batch/files.hpp"
#include "protocol/liveness.hpp"
#include "protocol/pipe_frames.hpp"

namespace partita {

/// What an attempt in another process needs of its node.
struct body_link {
  std::stop_token stop;
  milliseconds timeout{0};  // 0: none
  milliseconds grace{0};    // a body that was asked to stop has so long; then its process is killed
  std::function<mono_time()> now;
  std::function<mono_time()> trusted_until;
  std::function<void(const checkpoint&)> commit;  // throws store_error, lease_lost_error
  /// The same, with the author's transaction; also throws what the author's code throws.
  std::function<chunk(const chunk&, const author_work&)> commit_chunk;
  sql_queries* queries = nullptr;
  std::shared_ptr<progress_cell> progress;
};

/// A process of this program that executes bodies, one after the other, for one executor. What
/// becomes of it costs the attempt that it executes and nothing else. It has no handle of this
/// process but two pipes, and ends when they close, or when its node can no longer be trusted.
class body_process {
 public:
  /// Starts /proc/self/exe with these arguments: they must lead to `serve_bodies`. Throws
  /// std::system_error.
  explicit body_process(const std::vector<std::string>& arguments);
  /// Kills it.
  ~body_process();
  body_process(const body_process&) = delete;
  body_process& operator=(const body_process&) = delete;

  /// One attempt. Never throws; a process that has ended, or was killed, is `spent` afterwards.
  body_end execute(const body_work& work, const body_link& link);

  bool spent() const { return pid_ < 0; }

 private:
  struct call;
  struct cut_off;

  std::optional<body_end> step(call& c);
  std::optional<body_end> take(const frame& one, call& c);
  std::optional<body_end> store(const chunk_order& order, call& c);
  frame next_of_author(call& c);
  std::optional<body_end> read(call& c, milliseconds most);
  std::optional<body_end> judge_time(call& c);
  bool send(const frame& one);
  body_end lost(const call& c);
  void hear_last_words(const call& c);
  int end();

  pid_t pid_ = -1;
  file_handle to_;
  file_handle from_;
  frame_reader frames_;
  bool ready_ = false;  // it has said something: it can execute bodies
};

}  // namespace partita
