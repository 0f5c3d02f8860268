#include "actors/body_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "actors/body_pipes.hpp"
#include "batch/argv.hpp"
#include "protocol/process_end.hpp"

namespace partita {

namespace {

constexpr milliseconds look_every{50};       // for a stop, a timeout, a renewed trust
constexpr milliseconds start_limit{30'000};  // not of the body's own time
constexpr milliseconds write_limit{5'000};   // the process reads at any time, or is of no use
constexpr milliseconds end_limit{2'000};     // from closed pipes to the end of the process

/// Where the process gets which files, and which signals reach it.
class spawn_plan {
 public:
  spawn_plan(int reads, int writes) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, reads, body_reads);
    ::posix_spawn_file_actions_adddup2(&files, writes, body_writes);
    ::posix_spawn_file_actions_addclosefrom_np(&files, body_writes + 1);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // In a group of its own: Ctrl-C is for the node.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~spawn_plan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

std::string text_of(milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                  : std::to_string(time.count()) + " ms";
}

}  // namespace

namespace {

body_end crash(const std::string& why) {
  auto end = end_with(body_end::kind::failed, why);
  end.crashed = true;
  return end;
}

}  // namespace

struct body_process::call {
  const body_link& link;
  mono_time begun;
  mono_time trusted_until;           // as the process knows it
  std::optional<mono_time> asked{};  // when it was asked to stop
  bool timed_out = false;
  bool author_speaks = false;        // a transaction of the author's is open
  std::optional<frame> of_author{};  // what it says next
};

/// The process ended, or had to be ended, in the middle of an author's transaction.
struct body_process::cut_off {
  body_end end;
};

body_process::body_process(const std::vector<std::string>& arguments) {
  auto words = arguments;
  const auto argv = argv_of(words);
  auto [reads, to] = make_pipe();
  auto [from, writes] = make_pipe();
  const spawn_plan plan{reads.get(), writes.get()};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, "/proc/self/exe", &plan.files, &plan.attributes, argv.data(), ::environ);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "cannot start a process for bodies");
  ::fcntl(to.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(from.get(), F_SETFL, O_NONBLOCK);
  pid_ = pid;
  to_ = std::move(to);
  from_ = std::move(from);
}

body_process::~body_process() {
  if (!spent()) {
    ::kill(pid_, SIGKILL);
    end();
  }
}

body_end body_process::execute(const body_work& work, const body_link& link) {
  call c{link, link.now(), work.trusted_until};
  if (spent() || !send(to_frame(work))) return lost(c);
  for (;;)
    if (auto end = step(c)) return std::move(*end);
}

/// Waits for what the process says, then looks at the time.
std::optional<body_end> body_process::step(call& c) {
  if (auto end = read(c, look_every)) return end;
  return judge_time(c);
}

std::optional<body_end> body_process::read(call& c, milliseconds most) {
  pollfd ready{from_.get(), POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(most.count())) <= 0) return std::nullopt;
  char bytes[65536];
  const auto count = ::read(from_.get(), bytes, sizeof bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count <= 0) return lost(c);
  frames_.append({bytes, static_cast<std::size_t>(count)});
  try {
    while (const auto one = frames_.next()) {
      if (auto end = take(*one, c)) return end;
      if (c.of_author) return std::nullopt;
    }
    if (!frames_.damaged()) return std::nullopt;
  } catch (const std::exception&) {  // what it says has no sense
  }
  ::kill(pid_, SIGKILL);
  end();
  return crash("its process damaged its memory: it was ended");
}

std::optional<body_end> body_process::take(const frame& one, call& c) {
  if (!std::exchange(ready_, true)) c.begun = c.link.now();
  switch (one.kind) {
    case frame_kind::progress: {
      const auto p = to_progress(one.text);
      c.link.progress->total.store(p.total, std::memory_order_relaxed);
      c.link.progress->done.store(p.done, std::memory_order_relaxed);
      return std::nullopt;
    }
    case frame_kind::log:
      c.link.progress->log.append(one.text);
      return std::nullopt;
    case frame_kind::checkpoint: {
      const auto position = to_checkpoint(one.text);
      checkpoint_answer answer;
      try {
        c.link.commit(position);
      } catch (const lease_lost_error& e) {
        answer = {errc::lease_lost, e.what()};
      } catch (const store_error& e) {
        answer = {e.code(), e.what()};
      }
      if (!send(to_frame(answer))) return lost(c);
      return std::nullopt;
    }
    case frame_kind::chunk:
      return store(to_order(one.text), c);
    case frame_kind::sql:
      if (c.author_speaks)
        c.of_author = one;
      else if (!send(answer_query(one.text, *c.link.queries)))
        return lost(c);
      return std::nullopt;
    case frame_kind::ended: {
      auto end = to_end(one.text);
      if (c.timed_out)
        end = end_with(body_end::kind::failed,
                       "it ran longer than its timeout of " + text_of(c.link.timeout));
      return end;
    }
    default:
      throw std::runtime_error("no frame of a process for bodies");
  }
}

/// In the middle of a transaction of the node's: what the author says next, unless that ends the
/// process.
frame body_process::next_of_author(call& c) {
  while (!c.of_author)
    if (auto end = step(c)) throw cut_off{std::move(*end)};
  return *std::exchange(c.of_author, std::nullopt);
}

std::optional<body_end> body_process::store(const chunk_order& order, call& c) {
  const std::function<frame()> next = [&] { return next_of_author(c); };
  const std::function<void(const frame&)> answer = [&](const frame& one) {
    if (!send(one)) throw cut_off{lost(c)};
  };
  chunk_answer told;
  try {
    author_work work;
    if (order.with_author)
      work = [&](sql_transaction& tx, chunk& changed) { serve_author(tx, changed, next, answer); };
    c.author_speaks = order.with_author;
    told.stored = c.link.commit_chunk(order.what, work);
  } catch (cut_off& cut) {
    return std::move(cut.end);
  } catch (const nlohmann::json::exception&) {
    throw;
  } catch (const std::exception&) {
    told = refusal();
  }
  c.author_speaks = false;
  if (!send(to_frame(told))) return lost(c);
  return std::nullopt;
}

std::optional<body_end> body_process::judge_time(call& c) {
  const auto now = c.link.now();
  const auto timeout = c.link.timeout;
  const auto most = timeout + (ready_ ? milliseconds{0} : start_limit);
  if (!c.asked && timeout.count() > 0 && now - c.begun >= most) c.timed_out = true;
  if (!c.asked && (c.timed_out || c.link.stop.stop_requested())) {
    c.asked = now;
    if (!send({frame_kind::stop, ""})) return lost(c);
  }
  if (c.asked && now - *c.asked >= c.link.grace) {
    ::kill(pid_, SIGKILL);
    hear_last_words(c);
    end();
    return c.timed_out ? end_with(body_end::kind::failed,
                                  "it ran longer than its timeout of " + text_of(timeout) +
                                      " and did not stop: its process was killed")
                       : end_with(body_end::kind::stopped,
                                  "it did not stop on request: its process was killed");
  }
  if (const auto until = c.link.trusted_until(); until > c.trusted_until) {
    c.trusted_until = until;
    if (!send(to_frame(until))) return lost(c);
  }
  return std::nullopt;
}

/// Of what the process has said and nobody has read, only the log is of use.
void body_process::hear_last_words(const call& c) {
  char bytes[65536];
  for (int i = 0; i < 16; ++i) {  // more than a pipe holds
    const auto count = ::read(from_.get(), bytes, sizeof bytes);
    if (count <= 0) break;
    frames_.append({bytes, static_cast<std::size_t>(count)});
  }
  while (const auto one = frames_.next())
    if (one->kind == frame_kind::log) c.link.progress->log.append(one->text);
}

/// The process has ended, or is as good as that.
body_end body_process::lost(const call& c) {
  const bool by_time = c.link.now() >= c.trusted_until;
  hear_last_words(c);
  const auto status = spent() ? 0 : end();
  if (by_time)
    return end_with(body_end::kind::stopped, "its process ended: its node had lost its trust");
  auto ended = crash("its process " + describe_end(status));
  ended.crashed = !c.asked;
  return ended;
}

bool body_process::send(const frame& one) {
  const auto bytes = to_bytes(one);
  for (std::size_t sent = 0; sent < bytes.size();) {
    pollfd ready{to_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(write_limit.count())) <= 0) return false;
    const auto count = ::write(to_.get(), bytes.data() + sent, bytes.size() - sent);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return true;
}

/// Closes the pipes and waits until the process is gone. How it ended.
int body_process::end() {
  to_ = file_handle{};
  from_ = file_handle{};
  int status = 0;
  for (auto left = end_limit; left.count() > 0; left -= milliseconds{10}) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return status;
    }
    ::poll(nullptr, 0, 10);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

}  // namespace partita
