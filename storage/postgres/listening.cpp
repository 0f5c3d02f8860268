#include "storage/postgres/listening.hpp"

#include <pqxx/nontransaction>
#include <pqxx/notification>

#include "storage/clock.hpp"
#include "storage/postgres/failure.hpp"
#include "storage/postgres/statements/runs.hpp"

namespace partita::postgres {

namespace {

constexpr milliseconds between_questions{5000};

class listening final : public wake_up {
 public:
  listening(const std::shared_ptr<dialer>& dial, const std::string& application)
      : dial_(dial), server_(connect(*dial, application)), hints_(*server_) {}

  bool wait(milliseconds most) override {
    try {
      const auto received = server_->await_notification(
          static_cast<long>(most.count() / 1000), static_cast<long>(most.count() % 1000 * 1000));
      if (received > 0) return true;
      ask_now_and_then();
    } catch (const std::exception& failure) {
      throw translated(failure, address());
    }
    if (!server_->is_open()) throw store_error(errc::unavailable, address() + " is gone");
    return false;
  }

 private:
  struct receiver : pqxx::notification_receiver {
    explicit receiver(pqxx::connection& c) : notification_receiver(c, sql::channel_of_work) {}
    void operator()(const std::string&, int) override {}
  };

  static std::unique_ptr<connection> connect(dialer& dial, const std::string& application) {
    return dial.connect({application}).link;
  }

  /// A frozen server sends no hints and is not told from one that has none, unless it is asked.
  /// Where there is no other server, nothing is gained by it.
  void ask_now_and_then() {
    if (!dial_->has_alternatives() || boot_now() - asked_ < between_questions) return;
    const answer_awaited limit{*server_};
    pqxx::nontransaction{*server_}.exec0("");
    asked_ = boot_now();
  }

  std::string address() const { return dial_->where().address(); }

  std::shared_ptr<dialer> dial_;
  std::unique_ptr<connection> server_;
  receiver hints_;
  mono_time asked_ = boot_now();
};

}  // namespace

std::unique_ptr<wake_up> listen(std::shared_ptr<dialer> dial, const std::string& application) {
  try {
    return std::make_unique<listening>(dial, application);
  } catch (const store_error&) {
    throw;
  } catch (const std::exception& failure) {
    throw translated(failure, dial->where().address());
  }
}

}  // namespace partita::postgres
