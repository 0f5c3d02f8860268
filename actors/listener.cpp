#include "actors/listener.hpp"

#include "actors/log_event.hpp"

namespace partita {

namespace {

constexpr milliseconds longest_wait{200};  // the end of the node waits no longer for this one

}  // namespace

void listener_state::tick() {
  milliseconds pause{0};
  try {
    if (!source) source = deps->db->listen("partita " + deps->info.name + " listener");
    if (!source) return self->quit();
    if (source->wait(longest_wait)) self->send(claimer, work_atom::value);
    backoff->reset();
  } catch (const store_error& e) {
    log::debug("listener_waits", {}, {{"why", e.what()}});
    source.reset();
    pause = backoff->next();
  }
  self->delayed_send(self, pause, tick_atom::value);
}

listener_actor::behavior_type listener(listener_actor::stateful_pointer<listener_state> self,
                                       deps_ptr deps, claimer_actor claimer) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.claimer = std::move(claimer);
  s.backoff = std::make_unique<retry_wait>(deps->limits, deps->seed + 3);
  self->send(self, tick_atom::value);
  return {[self](tick_atom) { self->state.tick(); }};
}

}  // namespace partita
