#include "apps/partita/http/timeline_view.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/attempts.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/query.hpp"
#include "apps/partita/http/run_views.hpp"
#include "protocol/liveness.hpp"
#include "protocol/timeline_bins.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr int near_partitions = 2'000;  // so many are told one by one
constexpr int far_bins = 20'000;        // so many bins of all nodes together
constexpr int leases_drawn = 2'000;
constexpr int moves_drawn = 200;
constexpr int attempts_drawn = 64;  // of a node
constexpr int stragglers_shown = 20;
constexpr int sampled = 1'000;
constexpr double straggles = 2.0;  // times the median

double seconds_in(microseconds span) { return static_cast<double>(span.count()) / 1e6; }
double rounded(double value) { return std::round(value * 1000) / 1000; }

class timeline {
 public:
  timeline(const reader& look, tile_cache& tiles, run_id id, const request& what)
      : look_(look),
        run_(require_run(look, id)),
        steps_(look.list_steps(id)),
        nodes_(look.list_nodes(true)),
        now_(clock_of(nodes_)),
        live_(!is_terminal(run_.state)) {
    begins_ = run_.started_at.value_or(run_.created_at);
    ends_ = std::max(run_.ended_at.value_or(now_), begins_ + std::chrono::seconds{1});
    from_ = time_in(what, "from", now_).value_or(begins_);
    to_ = time_in(what, "to", now_).value_or(ends_);
    if (to_ <= from_) throw http_error(400, "bad_parameter", "from must be before to");
    pixels_ = static_cast<int>(number_in(what, "pixels", 10, 10'000, 1'200));
    for (const auto& step : steps_)
      if (step.spec.kind == step_kind::partitioned)
        by_step_[step.id] = {step.started_at, tiles.of(look, step, now_)};
    // A step that began since the steps were read is drawn the next time.
    const auto is_known = [this](step_id wanted) {
      return std::any_of(steps_.begin(), steps_.end(),
                         [wanted](const step_row& step) { return step.id == wanted; });
    };
    leases_ = look.list_live_leases(run_.id, {}, leases_drawn);
    std::erase_if(leases_, [&](const auto& lease) { return !is_known(lease.step); });
    moves_ = look.list_moved(run_.id, moves_drawn);
    std::erase_if(moves_, [&](const auto& move) { return !is_known(move.step); });
    for (const auto& node : nodes_) {
      if (node.left_at) continue;
      auto told = live_attempts(node, leases_, attempts_drawn);
      attempts_.insert(attempts_.end(), told.begin(), told.end());
    }
  }

  document shown() {
    choose_nodes();
    document out{{"run_from", cli::iso_time(begins_)},
                 {"run_to", cli::iso_time(ends_)},
                 {"from", cli::iso_time(from_)},
                 {"to", cli::iso_time(to_)},
                 {"live", live_},
                 {"now", cli::iso_time(now_)}};
    const bool is_near = ended_in_view_ <= near_partitions;
    out["detail"] = is_near ? "PARTITIONS" : "TILES";
    out["nodes"] = node_items();
    out["steps"] = step_items();
    add_bins(out, is_near);
    out["partitions"] = is_near ? partitions() : document::array();
    out["leases"] = lease_items();
    out["moves"] = move_items();
    out["doing"] = doing();
    out["stragglers"] = stragglers();
    return out;
  }

 private:
  struct seen_step {
    db_time begins;
    tile_cache::tiles tiles;

    db_time from(const tile_row& tile) const { return begins + tile.begins; }
    db_time to(const tile_row& tile) const { return from(tile) + length_of_tile(tile.begins); }
  };

  /// Those that have done, or do, something for this run.
  void choose_nodes() {
    for (const auto& [id, step] : by_step_) {
      for (auto node : step.tiles->nodes) place_.try_emplace(node, 0);
      for (const auto& [begins, ended] : step.tiles->ended)
        if (step.begins + begins < to_ && step.begins + begins + length_of_tile(begins) > from_)
          ended_in_view_ += ended;
    }
    for (const auto& lease : leases_) place_.try_emplace(lease.node, 0);
    for (const auto& move : moves_) {
      place_.try_emplace(move.node, 0);
      if (move.next_node) place_.try_emplace(move.next_node, 0);
    }
    std::size_t next = 0;
    for (auto& [id, place] : place_) place = next++;
    for (const auto& row : nodes_) row_of_[row.id] = &row;
  }

  int slots_of(node_id id) const {
    const auto found = row_of_.find(id);
    return found == row_of_.end() ? 1 : found->second->info.slots;
  }

  std::string name_of(node_id id) const {
    const auto found = row_of_.find(id);
    return found == row_of_.end() ? "a node" : found->second->info.name;
  }

  /// Of a node from which leases were taken: it gave them up itself.
  bool has_left(node_id id) const {
    const auto found = row_of_.find(id);
    return found != row_of_.end() && (found->second->state == node_state::left ||
                                      found->second->state == node_state::draining);
  }

  document node_items() const {
    auto items = document::array();
    for (const auto& [id, place] : place_) {
      const auto found = row_of_.find(id);
      items.push_back(
          {{"id", std::to_string(id.value)},
           {"name", found == row_of_.end() ? "" : found->second->info.name},
           {"slots", slots_of(id)},
           {"state", found == row_of_.end() ? document(nullptr)
                                            : document(to_string(shown_state(*found->second)))}});
    }
    return items;
  }

  document step_items() {
    auto items = document::array();
    for (const auto& step : steps_) {
      step_place_[step.id] = items.size();
      items.push_back({{"id", std::to_string(step.id.value)}, {"name", step.spec.name}});
    }
    return items;
  }

  void add_bins(document& out, bool is_near) const {
    const auto most = static_cast<int>(std::min<std::size_t>(
        static_cast<std::size_t>(pixels_),
        std::max<std::size_t>(1, far_bins / std::max<std::size_t>(1, place_.size()))));
    const auto window = to_ - from_;
    const auto count =
        static_cast<int>(std::clamp<std::int64_t>(window / std::chrono::seconds{1}, 1, most));
    const bin_layout layout{from_, std::max(microseconds{1}, window / count + microseconds{1}),
                            count};
    out["bin_s"] = seconds_in(layout.length);
    auto items = document::array();
    if (!is_near) {
      const auto by_place = bins_of_nodes(layout);
      for (const auto& [node, place] : place_) {
        const auto bins = by_place[place].shown(slots_of(node));
        for (std::size_t i = 0; i < bins.size(); ++i)
          if (const auto& bin = bins[i]; !bin.is_empty())
            items.push_back({place, i, rounded(bin.busy), bin.completed, bin.failed, bin.returned,
                             rounded(seconds_in(bin.slowest))});
      }
    }
    out["tiles"] = std::move(items);
  }

  /// By the places of nodes. Tiles of all nodes that begin together are placed in time once.
  std::vector<node_bins> bins_of_nodes(const bin_layout& layout) const {
    std::vector<node_bins> bins(place_.size(), node_bins{layout});
    std::vector<node_bins*> of_node;  // by the numbers of nodes
    for (const auto& [node, place] : place_) {
      of_node.resize(static_cast<std::size_t>(node.value) + 1);
      of_node.back() = &bins[place];
    }
    for (const auto& [id, step] : by_step_) {
      std::optional<bin_span> span;
      for (const auto& tile : step.tiles->rows) {
        if (!span || span->from != step.from(tile))
          span.emplace(layout, step.from(tile), length_of_tile(tile.begins));
        if (span->to > from_)
          of_node[static_cast<std::size_t>(tile.node.value)]->add(*span, tile.sums);
      }
    }
    return bins;
  }

  document partitions() const {
    auto items = document::array();
    for (const auto& [id, step] : by_step_) {
      lease_window window{{}, {}, from_, to_};
      for (const auto& tile : step.tiles->rows) {
        // Its slowest attempt may have begun long before it ended.
        if (step.from(tile) - tile.sums.slowest >= to_ || step.to(tile) <= from_) continue;
        if (!window.first || tile.first_lease < window.first) window.first = tile.first_lease;
        window.last = std::max(window.last, tile.last_lease);
      }
      if (!window.first) continue;
      for (const auto& row : look_.list_ended(id, window, near_partitions)) {
        if (std::ssize(items) == near_partitions) break;
        if (!place_.contains(row.node)) continue;
        const auto* outcome = row.outcome == attempt_outcome::completed ? "C"
                              : row.outcome == attempt_outcome::failed  ? "F"
                                                                        : "R";
        items.push_back({place_.at(row.node), step_place_.at(id), row.no,
                         rounded(seconds_in(row.ended_at - row.took - from_) * 1e3),
                         rounded(seconds_in(row.took) * 1e3), outcome, row.attempt});
      }
    }
    return items;
  }

  document lease_items() const {
    auto items = document::array();
    for (const auto& lease : leases_)
      items.push_back({{"id", std::to_string(lease.lease.value)},
                       {"node", place_.at(lease.node)},
                       {"step", step_place_.at(lease.step)},
                       {"lo", lease.span.lo},
                       {"hi", lease.span.hi},
                       {"attempt", lease.attempt},
                       {"granted_at", cli::iso_time(lease.granted_at)},
                       {"ended", lease.ended}});
    return items;
  }

  document move_items() const {
    std::vector<document> items;
    for (const auto& move : moves_) {
      const auto id = std::to_string(move.lease.value);
      if (items.empty() || items.back()["lease"] != id) {
        const bool left = has_left(move.node);
        items.push_back({{"lease", id},
                         {"step", step_place_.at(move.step)},
                         {"lo", move.span.lo},
                         {"hi", move.span.hi},
                         {"from", place_.at(move.node)},
                         {"granted_at", cli::iso_time(move.granted_at)},
                         {"at", cli::iso_time(move.lost_at)},
                         {"why", left ? "LEFT" : "LOST"},
                         {"cause", name_of(move.node) + (left ? " left" : " was lost")},
                         {"to", document::array()}});
      }
      if (move.next)
        items.back()["to"].push_back(
            {{"node", place_.at(move.next_node)}, {"at", cli::iso_time(move.next_granted_at)}});
    }
    return items;
  }

  /// What executors were at when their nodes told last.
  document doing() const {
    auto items = document::array();
    for (const auto& attempt : attempts_)
      items.push_back({{"node", place_.at(attempt.node)},
                       {"step", step_place_.at(attempt.lease.step)},
                       {"no", attempt.no},
                       {"lease", std::to_string(attempt.lease.lease.value)},
                       {"since", cli::iso_time(attempt.since)}});
    return items;
  }

  /// Of these, what takes much longer than the others did.
  document stragglers() const {
    std::map<step_id, double> median;
    std::vector<live_attempt> slow;
    for (const auto& attempt : attempts_) {
      const auto usual = median_of(attempt.lease.step, median);
      if (usual > 0 && seconds_in(now_ - attempt.since) > straggles * usual)
        slow.push_back(attempt);
    }
    std::sort(slow.begin(), slow.end(),
              [](const auto& a, const auto& b) { return a.since < b.since; });
    if (slow.size() > stragglers_shown) slow.resize(stragglers_shown);
    const auto partitions = partitions_at(look_, slow);
    auto items = document::array();
    for (const auto& [node, lease, no, since] : slow) {
      const auto partition = partitions.find({lease.step, no});
      items.push_back({{"step", steps_[step_place_.at(lease.step)].spec.name},
                       {"no", no},
                       {"key", partition == partitions.end() ? "" : partition->second.key},
                       {"node", {{"id", std::to_string(node.value)}, {"name", name_of(node)}}},
                       {"running_s", rounded(seconds_in(now_ - since))},
                       {"median_s", rounded(median_of(lease.step, median))}});
    }
    return items;
  }

  double median_of(step_id step, std::map<step_id, double>& known) const {
    const auto [found, is_new] = known.try_emplace(step, 0.0);
    if (!is_new) return found->second;
    auto sample = look_.sample_durations(step, sampled);
    if (sample.empty()) return 0;
    const auto middle = sample.begin() + std::ssize(sample) / 2;
    std::nth_element(sample.begin(), middle, sample.end());
    return found->second = seconds_in(*middle);
  }

  const reader& look_;
  const run_row run_;
  const std::vector<step_row> steps_;
  const std::vector<node_row> nodes_;
  const db_time now_;
  const bool live_;
  db_time begins_, ends_, from_, to_;
  int pixels_ = 0;
  std::int64_t ended_in_view_ = 0;
  std::map<step_id, seen_step> by_step_;
  std::vector<live_lease_row> leases_;
  std::vector<moved_row> moves_;
  std::vector<live_attempt> attempts_;
  std::map<node_id, std::size_t> place_;
  std::map<node_id, const node_row*> row_of_;
  std::map<step_id, std::size_t> step_place_;
};

}  // namespace

document timeline_view(const reader& look, tile_cache& tiles, run_id run, const request& what) {
  allow_only(what, {"from", "to", "pixels"});
  return timeline{look, tiles, run, what}.shown();
}

}  // namespace partita::http
