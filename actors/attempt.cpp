#include "actors/attempt.hpp"

#include <utility>

#include "actors/text.hpp"
#include "protocol/errors.hpp"

namespace partita {

namespace {

body_end::kind kind_of(const store_error& e) {
  switch (e.code()) {
    case errc::unavailable:
    case errc::history_lost:
      return body_end::kind::unavailable;
    case errc::lease_lost:
      return body_end::kind::lease_lost;
    default:
      return body_end::kind::failed;
  }
}

void execute(const partitioned& step, partition_context& context, std::size_t most,
             body_end& ended) {
  step.run(context);
  context.sync_files();
  ended.output = storable(context.output().dump(), most);
  ended.files = storable(to_text(context.files()), most);
}

}  // namespace

body_end run_body(const partitioned& step, partition_setup setup, std::size_t most) {
  using kind = body_end::kind;
  body_end ended;
  partition_context context{std::move(setup)};
  auto end = [&](kind how, const std::string& why) {
    ended.how = how;
    ended.error = readable(why);
  };
  try {
    execute(step, context, most, ended);
  } catch (const stop_requested_error& e) {
    end(kind::stopped, e.what());
  } catch (const lease_lost_error& e) {
    end(kind::lease_lost, e.what());
  } catch (const store_error& e) {
    end(kind_of(e), e.what());
  } catch (const permanent_error& e) {
    end(kind::failed_for_good, e.what());
  } catch (const definition_error& e) {
    end(kind::failed_for_good, e.what());
  } catch (const std::exception& e) {
    end(kind::failed, e.what());
  } catch (...) {
    end(kind::failed, "an exception that is not a std::exception");
  }
  ended.counts = context.counts();
  if (ended.how != kind::completed) {
    for (const auto& file : context.files())
      context.may_have_stored() ? discard(file) : remove_staged(file);
    ended.output = "null";
    ended.files.clear();
  }
  return ended;
}

}  // namespace partita
