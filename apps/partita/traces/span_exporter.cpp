#include "apps/partita/traces/span_exporter.hpp"

#include <httplib.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "actors/log_event.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/version.hpp"
#include "storage/clock.hpp"
#include "storage/store.hpp"

namespace partita::traces {

namespace {

constexpr std::chrono::seconds clock_look_every{60};
constexpr milliseconds clock_limit{2000};  // of a look at the clock of the database
constexpr std::chrono::seconds tell_every{60};
constexpr const char* queue_is_full = "more spans came than the collector takes";

/// Statuses after which OTLP says to try again.
bool is_passing(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// In words. httplib tells no other failure of TLS from a connection that was refused.
std::string words_of(httplib::Error error, bool tls) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::SSLConnection:
      return tls ? "it cannot be reached, or it speaks no TLS" : "it cannot be reached";
    case httplib::Error::ConnectionTimeout:
      return "it cannot be reached in time";
    case httplib::Error::Read:
      return "it did not answer in time, or closed the connection";
    case httplib::Error::Write:
      return "it does not take what is sent, or closed the connection";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates of this host cannot be read";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not one that this host trusts";
    case httplib::Error::Canceled:
      return "the node ends";
    default:
      return "the request failed: " + httplib::to_string(error);
  }
}

/// What the operator calls the node, in the variables of OpenTelemetry.
std::vector<span_attribute> attributes_of_variables() {
  const auto variable = [](const char* name) {
    const auto* set = std::getenv(name);
    return std::string{set ? set : ""};
  };
  std::vector<span_attribute> named;
  if (auto found = attributes_in(variable("OTEL_RESOURCE_ATTRIBUTES")))
    named = std::move(*found);
  else
    log::warn("attributes_ignored", {},
              {{"why", "OTEL_RESOURCE_ATTRIBUTES is no list of NAME=VALUE"}});
  if (auto service = variable("OTEL_SERVICE_NAME"); !service.empty())
    named.push_back({"service.name", std::move(service)});
  return named;
}

}  // namespace

/// The client of the collector.
class span_exporter::connection {
 public:
  explicit connection(const export_plan& plan)
      : path_(plan.to.path), tls_(plan.to.server.starts_with("https:")), client_(plan.to.server) {
    client_.set_keep_alive(true);
    client_.set_connection_timeout(plan.connect_limit);
    client_.set_read_timeout(plan.answer_limit);
    client_.set_write_timeout(plan.answer_limit);
  }

  struct answer {
    bool taken = false;
    bool may_pass = false;
    std::int64_t refused = 0;
    std::string why;
  };
  answer post(const std::string& body) {
    const auto got = client_.Post(path_, body, "application/json");
    if (!got) return {false, true, 0, words_of(got.error(), tls_)};
    if (got->status / 100 == 2) return {true, false, refused_in(got->body), "it refused some"};
    return {false, is_passing(got->status), 0, "it answered " + std::to_string(got->status)};
  }

  void cut_off() { client_.stop(); }

 private:
  const std::string path_;
  const bool tls_;
  httplib::Client client_;
};

span_exporter::span_exporter(export_plan plan) : plan_(std::move(plan)) {
  thread_ = std::thread{[this] {
    ::pthread_setname_np(::pthread_self(), "traces");
    work();
  }};
}

span_exporter::~span_exporter() {
  close(milliseconds{0});
  thread_.join();
}

// --- any thread ----------------------------------------------------------------------------------

void span_exporter::take(trace_span one) {
  std::lock_guard lock{guard_};
  if (closing_ || waiting_.size() >= plan_.most_waiting) {
    dropped.add();
    why_ = queue_is_full;
    return;
  }
  waiting_.push_back(std::move(one));
  if (waiting_.size() == 1 || waiting_.size() == plan_.batch) changed_.notify_all();
}

void span_exporter::close(milliseconds limit) {
  std::unique_lock lock{guard_};
  closing_ = true;
  changed_.notify_all();
  if (changed_.wait_for(lock, limit, [this] { return over_; })) return;
  dropped.add(static_cast<std::int64_t>(waiting_.size()));
  waiting_.clear();
  why_ = "the node ends";
  if (cut_off_) cut_off_();
  lock.unlock();
  tell_of_dropped(true);
}

// --- the thread ----------------------------------------------------------------------------------

void span_exporter::work() {
  connection to{plan_};
  {
    std::lock_guard lock{guard_};
    cut_off_ = [&to] { to.cut_off(); };
  }
  for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) {
    try {
      send(to, batch);
    } catch (const std::exception& e) {
      drop(batch.size(), e.what());
    }
    tell_of_dropped(false);
  }
  tell_of_dropped(true);
  std::lock_guard lock{guard_};
  cut_off_ = nullptr;
  over_ = true;
  changed_.notify_all();
}

/// Empty: nothing is left, and nothing more will come.
std::vector<trace_span> span_exporter::next_batch() {
  std::unique_lock lock{guard_};
  changed_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
  lock.unlock();
  look_at_clocks();  // while this node is in the cluster: its row shows the database's clock
  lock.lock();
  changed_.wait_for(lock, plan_.delay,
                    [this] { return closing_ || waiting_.size() >= plan_.batch; });
  const auto end =
      waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), plan_.batch));
  std::vector<trace_span> batch(std::make_move_iterator(waiting_.begin()),
                                std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

void span_exporter::send(connection& to, const std::vector<trace_span>& batch) {
  const auto body = cli::dump(otlp_document(batch, plan_.of, *to_database_));
  auto wait = plan_.first_retry;
  for (int tries = 1;; ++tries, wait *= 2) {
    const auto got = to.post(body);
    if (got.taken) {
      const auto refused = std::min(got.refused, static_cast<std::int64_t>(batch.size()));
      sent.add(static_cast<std::int64_t>(batch.size()) - refused);
      if (refused > 0) drop(static_cast<std::size_t>(refused), got.why);
      return;
    }
    if (!got.may_pass || tries >= plan_.tries || !rest(wait)) return drop(batch.size(), got.why);
  }
}

/// False: nothing is waited for any more.
bool span_exporter::rest(milliseconds time) {
  std::unique_lock lock{guard_};
  return !changed_.wait_for(lock, time, [this] { return closing_; });
}

/// Which time of the database a time of this machine is. Where the database cannot tell, now or
/// ever, the calendar of this machine must do.
void span_exporter::look_at_clocks() {
  const auto asked = boot_now();
  if (to_database_ && asked - looked_ < clock_look_every) return;
  looked_ = asked;
  const auto is_at = [this](db_time now, mono_time here) {
    to_database_ =
        now.time_since_epoch() - std::chrono::duration_cast<microseconds>(here.time_since_epoch());
  };
  try {
    const auto now = plan_.database_clock();
    is_at(now, asked + (boot_now() - asked) / 2);
  } catch (const std::exception&) {
    if (!to_database_) is_at(wall_now(), boot_now());
  }
}

void span_exporter::drop(std::size_t count, const std::string& why) {
  dropped.add(static_cast<std::int64_t>(count));
  std::lock_guard lock{guard_};
  why_ = why;
}

/// Once in a while, or now.
void span_exporter::tell_of_dropped(bool now) {
  std::unique_lock lock{guard_};
  const auto more = dropped.value() - told_;
  const auto at = boot_now();
  if (more == 0 || (!now && told_at_ != mono_time{} && at - told_at_ < tell_every)) return;
  told_ += more;
  told_at_ = at;
  const auto why = why_;
  lock.unlock();
  log::warn("trace_spans_dropped", {},
            {{"count", more}, {"collector", plan_.to.text()}, {"why", why}});
}

std::shared_ptr<span_exporter> exporter_of(const cli::arguments& args,
                                           const std::shared_ptr<database>& db,
                                           const std::string& node) {
  const auto to = cli::trace_collector_of(args);
  if (!to) return nullptr;
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  session_options options;
  options.application = "partita-traces";
  options.statement_timeout = clock_limit;
  log::info("traces_go_to", {}, {{"at", to->text()}});
  return std::make_shared<span_exporter>(export_plan{
      *to, {cli::program_version(), node, host, attributes_of_variables()}, [db, options] {
        return cli::clock_of(reader{db->connect(options)}.list_nodes(false));
      }});
}

}  // namespace partita::traces
