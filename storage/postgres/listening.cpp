#include "storage/postgres/listening.hpp"

#include <pqxx/notification>

#include "storage/postgres/failure.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/postgres/statements/runs.hpp"

namespace partita::postgres {

namespace {

class listening final : public wake_up {
 public:
  listening(const conninfo& where, const std::string& application)
      : address_(where.address()), session_(where, {application}), hints_(session_.connected()) {}

  bool wait(milliseconds most) override {
    auto& connection = session_.connected();
    try {
      const auto received = connection.await_notification(
          static_cast<long>(most.count() / 1000), static_cast<long>(most.count() % 1000 * 1000));
      if (received > 0) return true;
    } catch (const std::exception& failure) {
      throw translated(failure, address_);
    }
    if (!connection.is_open()) throw store_error(errc::unavailable, address_ + " is gone");
    return false;
  }

 private:
  struct receiver : pqxx::notification_receiver {
    explicit receiver(pqxx::connection& c) : notification_receiver(c, sql::channel_of_work) {}
    void operator()(const std::string&, int) override {}
  };

  std::string address_;
  postgres_session session_;
  receiver hints_;
};

}  // namespace

std::unique_ptr<wake_up> listen(const conninfo& where, const std::string& application) {
  try {
    return std::make_unique<listening>(where, application);
  } catch (const store_error&) {
    throw;
  } catch (const std::exception& failure) {
    throw translated(failure, where.address());
  }
}

}  // namespace partita::postgres
