#include "actors/body_service.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "actors/attempt.hpp"
#include "actors/body_messages.hpp"
#include "actors/body_pipes.hpp"
#include "actors/body_sql.hpp"
#include "actors/held_resources.hpp"
#include "actors/text.hpp"
#include "storage/clock.hpp"

namespace partita {

namespace {

constexpr milliseconds progress_every{200};
constexpr milliseconds long_time{3'600'000};

/// The address space of this process, in bytes.
std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Limits what the body may add to the address space, while it lives.
class memory_limit {
 public:
  explicit memory_limit(std::size_t bytes) {
    if (bytes == 0 || ::getrlimit(RLIMIT_AS, &before_) != 0) return;
    auto limited = before_;
    limited.rlim_cur = std::min<rlim_t>(before_.rlim_max, address_space() + bytes);
    set_ = ::setrlimit(RLIMIT_AS, &limited) == 0;
  }
  ~memory_limit() {
    if (set_) ::setrlimit(RLIMIT_AS, &before_);
  }
  memory_limit(const memory_limit&) = delete;
  memory_limit& operator=(const memory_limit&) = delete;

 private:
  rlimit before_{};
  bool set_ = false;
};

/// The main thread runs bodies; a second one listens, so that a stop, the end of the node and the
/// end of trust reach a body that is busy.
class service {
 public:
  explicit service(const registry& jobs) : jobs_(jobs) {}

  [[noreturn]] void run() {
    std::thread{[this] { listen(); }}.detach();
    send(to_frame(body_progress{}));  // ready
    for (;;) {
      const auto work = next();
      const auto end = attempt(work);
      std::shared_ptr<progress_cell> said;
      {
        std::lock_guard lock{mutex_};
        trusted_until_.reset();
        said = std::exchange(progress_, nullptr);
      }
      std::lock_guard lock{sending_};
      if (said) write_log(*said, true);
      shown_ = {};
      write(to_frame(end));
    }
  }

 private:
  body_work next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return work_.has_value(); });
    return *std::exchange(work_, std::nullopt);
  }

  body_end attempt(const body_work& work) {
    body_end failed;
    try {
      const auto* job = jobs_.find(work.job);
      const auto* step = job ? job->partitioned_step(work.step_name) : nullptr;
      if (!step) throw permanent_error("this program knows no step " + work.step_name);
      resources_.turn_to(work.run, work.first_run);
      const memory_limit limit{work.memory_bytes};
      return run_body(*step, setup_of(work, *job), work.most_output);
    } catch (const permanent_error& e) {
      failed.how = body_end::kind::failed_for_good;
      failed.error = readable(e.what());
    } catch (const std::exception& e) {
      failed.how = body_end::kind::failed;
      failed.error = readable(e.what());
    }
    return failed;
  }

  partition_setup setup_of(const body_work& work, const job& of) {
    partition_setup setup;
    setup.run = work.run;
    setup.first_run = work.first_run;
    setup.step_name = work.step_name;
    setup.step = work.step;
    setup.lease = work.lease;
    setup.no = work.partition.no;
    setup.key = work.partition.key;
    setup.attempt = work.attempt;
    setup.resume = work.partition.resume;
    setup.crashes = work.crashes;
    setup.files_expire = of.do_files_expire();
    setup.given = parameters{parse_document("the run's parameters", work.parameters)};
    setup.input = parse_document("the partition's input", work.partition.input);
    setup.commit = [this](const checkpoint& c) { commit(c); };
    setup.commit_chunk = [this](const chunk& c, const author_work& write) {
      return commit_chunk(c, write);
    };
    setup.queries = distant_queries([this](const frame& f) { return asked(f); });
    setup.resource = [this, &of, given = setup.given,
                      queries = setup.queries](std::type_index type) {
      return resources_.get(cache_, of, type, given, queries);
    };
    setup.log = [this, cell = setup.progress](std::string_view line) {
      cell->log.append(line);
      send_log(*cell);
    };
    std::lock_guard lock{mutex_};
    setup.stop = stop_.get_token();
    progress_ = setup.progress;
    return setup;
  }

  /// The answer of the node, which may take as long as its database does.
  frame asked(const frame& what) {
    std::unique_lock lock{mutex_};
    answer_.reset();
    lock.unlock();
    send(what);
    lock.lock();
    changed_.wait(lock, [this] { return answer_.has_value(); });
    return *std::exchange(answer_, std::nullopt);
  }

  chunk commit_chunk(const chunk& c, const author_work& write) {
    std::exception_ptr thrown;
    auto told = asked(to_frame(chunk_order{c, write != nullptr}));
    while (told.kind == frame_kind::begin) {
      thrown = nullptr;
      told = asked(run_author(
          write, c, [this](const frame& f) { return asked(f); }, told.text, thrown));
    }
    if (thrown) std::rethrow_exception(thrown);
    const auto answer = to_chunk_answer(told.text);
    require_stored(answer);
    return answer.stored;
  }

  void commit(const checkpoint& c) {
    const auto answer = to_answer(asked(to_frame(c)).text);
    if (!answer.refused) return;
    if (*answer.refused == errc::lease_lost) throw lease_lost_error{};
    throw store_error(*answer.refused, answer.why);
  }

  // --- the second thread

  [[noreturn]] void listen() {
    for (;;) {
      pollfd ready{body_reads, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(wait().count())) > 0) receive();
      show_progress();
    }
  }

  /// Ends the process when its node can no longer be trusted.
  milliseconds wait() {
    std::lock_guard lock{mutex_};
    if (!trusted_until_) return long_time;
    const auto left = std::chrono::ceil<milliseconds>(*trusted_until_ - boot_now());
    if (left.count() <= 0) ::_exit(1);
    return std::min(left, progress_every);
  }

  void receive() {
    char bytes[65536];
    const auto count = ::read(body_reads, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) ::_exit(0);  // the node has gone
    frames_.append({bytes, static_cast<std::size_t>(count)});
    try {
      while (const auto one = frames_.next()) take(*one);
    } catch (const std::exception&) {
      ::_exit(1);
    }
    if (frames_.damaged()) ::_exit(1);
  }

  void take(const frame& one) {
    std::unique_lock lock{mutex_};
    switch (one.kind) {
      case frame_kind::work:
        work_ = to_work(one.text);
        trusted_until_ = work_->trusted_until;
        stop_ = std::stop_source{};
        break;
      case frame_kind::trust:
        if (trusted_until_) trusted_until_ = std::max(*trusted_until_, to_time(one.text));
        break;
      case frame_kind::answer:
      case frame_kind::begin:
      case frame_kind::sql_answer:
      case frame_kind::chunk_answer:
        answer_ = one;
        break;
      case frame_kind::stop: {
        auto stop = stop_;
        lock.unlock();
        stop.request_stop();  // calls what the author has registered
        return;
      }
      default:
        throw std::runtime_error("no frame of a node");
    }
    changed_.notify_all();
  }

  void show_progress() {
    std::shared_ptr<progress_cell> of;
    {
      std::lock_guard lock{mutex_};
      of = progress_;
    }
    if (!of) return;
    send_log(*of);
    const std::unique_lock lock{sending_, std::try_to_lock};
    const body_progress now{of->done.load(), of->total.load()};
    if (!lock || (now.done == shown_.done && now.total == shown_.total) || !may_write()) return;
    write(to_frame(now));
    shown_ = now;
  }

  /// Lines at once, so that the last words before a crash arrive; but no thread waits here for a
  /// node that does not read: the rest is sent later.
  void send_log(progress_cell& of) {
    const std::unique_lock lock{sending_, std::try_to_lock};
    if (lock) write_log(of, false);
  }

  /// REQUIRES: `sending_` is held.
  void write_log(progress_cell& of, bool wait) {
    for (const auto& line : of.log.waiting({}, 0)) {
      if (!wait && !may_write()) return;
      write({frame_kind::log, line.text});
      of.log.stored(line.number);
    }
  }

  /// Whether the pipe takes a short frame at once (PIPE_BUF bytes: pipe(7)).
  static bool may_write() {
    pollfd pipe{body_writes, POLLOUT, 0};
    return ::poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLOUT) != 0;
  }

  void send(const frame& one) {
    std::lock_guard lock{sending_};
    write(one);
  }

  static void write(const frame& one) {
    const auto bytes = to_bytes(one);
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto count = ::write(body_writes, bytes.data() + sent, bytes.size() - sent);
      if (count < 0 && errno != EINTR) ::_exit(1);
      if (count > 0) sent += static_cast<std::size_t>(count);
    }
  }

  const registry& jobs_;
  resource_cache cache_;
  held_resources resources_;
  frame_reader frames_;  // of the second thread
  std::mutex sending_;
  body_progress shown_;  // under `sending_`
  std::mutex mutex_;     // of all below
  std::condition_variable changed_;
  std::optional<body_work> work_;
  std::optional<frame> answer_;
  std::optional<mono_time> trusted_until_;  // while a body runs
  std::stop_source stop_;
  std::shared_ptr<progress_cell> progress_;
};

bool is_pipe(int file) {
  struct stat about {};
  return ::fstat(file, &about) == 0 && S_ISFIFO(about.st_mode);
}

}  // namespace

bool has_body_pipes() { return is_pipe(body_reads) && is_pipe(body_writes); }

void serve_bodies(const registry& jobs) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Signals to a group of processes are for the node; it says what is to be done.
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  ::fcntl(body_reads, F_SETFD, FD_CLOEXEC);
  ::fcntl(body_writes, F_SETFD, FD_CLOEXEC);
  // When memory runs out, a body is the first to go, not its node.
  std::ofstream{"/proc/self/oom_score_adj"} << 500;
  service{jobs}.run();
}

}  // namespace partita
