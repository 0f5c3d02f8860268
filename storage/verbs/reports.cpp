#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "protocol/mutation.hpp"
#include "protocol/ranges.hpp"
#include "protocol/retry.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/leases.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

using outcome = attempt_outcome;

/// One call of `report`: which items are new, and what they add to their leases.
class batch {
 public:
  batch(transaction& tx, node_id node, std::span<const attempt_report> items)
      : tx_(tx), node_(node), items_(items), verdicts_(items.size(), report_verdict::rejected) {
    std::vector<lease_id> ids;
    for (const auto& item : items) ids.push_back(item.lease);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    leases_ = tx.lock_leases(node, ids);
  }

  std::vector<report_verdict> record() {
    pick();
    if (fresh_.empty()) return std::move(verdicts_);
    count();
    write();
    return std::move(verdicts_);
  }

 private:
  held_lease_row* find(lease_id id) {
    const auto at = std::lower_bound(leases_.begin(), leases_.end(), id,
                                     [](const auto& h, lease_id key) { return h.lease.id < key; });
    return at != leases_.end() && at->lease.id == id ? &*at : nullptr;
  }

  /// By lease and number, so that rows are written in one order. A number that comes twice under
  /// one lease is new once; the first time counts.
  std::vector<std::size_t> in_order() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (find(items_[i].lease) != nullptr) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(items_[a].lease, items_[a].no) < std::tie(items_[b].lease, items_[b].no);
    });
    return order;
  }

  /// Items that do not stand yet are kept apart from those that do, and from those that came too
  /// late.
  void pick() {
    const auto order = in_order();
    std::vector<leased_report> ours;
    for (auto i : order) ours.push_back({&items_[i], &find(items_[i].lease)->lease});
    const auto known = tx_.find_attempts(ours);
    for (std::size_t k = 0; k < ours.size(); ++k) {
      const auto& [item, lease] = ours[k];
      const auto again =
          !fresh_.empty() && fresh_.back().lease == lease && fresh_.back().report->no == item->no;
      const auto open =
          lease->state == lease_state::live && lease->span.contains(item->no) && !known[k].ended;
      if (!again && !known[k].reported && (open || PARTITA_BUG(report_without_the_fence)))
        fresh_.push_back(ours[k]);
      else if (!again && !known[k].reported)
        continue;
      if (known[k].failed) refused_names_.insert({lease->id, item->no});
      verdicts_[order[k]] = report_verdict::recorded;
    }
    reserve_names();
    for (auto i : order)
      if (items_[i].outcome == outcome::completed &&
          refused_names_.contains({items_[i].lease, items_[i].no}))
        verdicts_[i] = report_verdict::name_taken;
  }

  /// An attempt that would publish a file under a name that another partition has is recorded as
  /// FAILED.
  void reserve_names() {
    std::vector<name_claim> claims;
    std::vector<leased_report*> claimants;
    for (auto& fresh : fresh_) {
      const auto& [item, lease] = fresh;
      if (item->outcome != outcome::completed || PARTITA_BUG(output_names_are_not_reserved))
        continue;
      for (auto& name : final_names(item->files)) {
        claims.push_back({find(lease->id)->run, lease->step, item->no, std::move(name)});
        claimants.push_back(&fresh);
      }
    }
    const auto owners = tx_.reserve_names(claims);
    for (std::size_t i = 0; i < claims.size(); ++i)
      if (owners[i].step != claims[i].step || owners[i].no != claims[i].no)
        refuse(*claimants[i], claims[i].name, owners[i]);
  }

  void refuse(leased_report& fresh, const std::string& name, const name_owner& owner) {
    if (fresh.report->outcome == outcome::failed) return;  // for another of its names
    auto& refused = refused_.emplace_back(*fresh.report);
    refused.outcome = outcome::failed;
    refused.output = "null";
    refused.files.clear();
    refused.error = "its file " + name + " is that of partition " + std::to_string(owner.no) +
                    " of " + named(owner.step) +
                    ": each partition needs a name of its own, for example with {} in it";
    refused_names_.insert({refused.lease, refused.no});
    fresh.report = &refused;
  }

  void count() {
    for (const auto& [item, lease] : fresh_) {
      auto& held = *find(lease->id);
      news_[lease->id][item->outcome].push_back(item->no);
      if (item->outcome == outcome::completed) ++held.lease.completed;
      if (item->outcome == outcome::failed) ++held.lease.failed;
      count_result(held.lease, *item);
      tiles_.add(*item);
      if (item->outcome == outcome::retry || item->outcome == outcome::released)
        ++held.lease.returned;
    }
  }

  void count_result(const lease_record& lease, const attempt_report& item) {
    if (item.outcome != outcome::completed && item.outcome != outcome::failed) return;
    auto& sum = totals_[lease.step];
    sum.step = lease.step;
    sum.node = lease.node;
    ++(item.outcome == outcome::completed ? sum.completed : sum.failed);
    sum.counts += item.counts;
  }

  void write() {
    std::int64_t results = 0, failures = 0;
    std::vector<new_ready> waiting;
    for (const auto& [item, lease] : fresh_) {
      results += item->outcome == outcome::completed || item->outcome == outcome::failed;
      failures += item->outcome != outcome::completed;
      if (item->outcome == outcome::retry || item->outcome == outcome::released)
        waiting.push_back({lease->step,
                           {item->no, item->no},
                           node_id{},
                           tries_used_up(lease->attempt, item->outcome == outcome::released),
                           item->retry_after});
    }
    expect_rows("recording results", results == 0 ? 0 : tx_.insert_results(fresh_), results);
    if (failures > 0) expect_rows("recording failures", tx_.insert_failures(fresh_), failures);
    tx_.insert_ready(waiting);
    std::vector<held_lease_row> changed;
    for (const auto& [id, outcomes] : news_) changed.push_back(conclude(*find(id), outcomes));
    save(tx_, changed);
    std::vector<counter_record> totals;
    for (const auto& [step, sum] : totals_) totals.push_back(sum);
    if (!PARTITA_BUG(counters_miss_a_report)) tx_.add_counts(totals);
    tx_.add_tiles(node_, tiles_.all());
  }

  using numbers_by_outcome = std::map<outcome, std::vector<partition_no>>;

  /// Tells the log, and ends a lease whose last partition has ended.
  held_lease_row conclude(held_lease_row& held, const numbers_by_outcome& outcomes) {
    tx_.log(event::lease_reported, about(held), event::reported_detail(outcomes));
    if (held.lease.unended() == 0) {
      held.lease.state = lease_state::done;
      tx_.log(event::lease_ended, about(held), {{"state", "DONE"}});
    }
    return held;
  }

  transaction& tx_;
  const node_id node_;
  std::span<const attempt_report> items_;
  std::vector<report_verdict> verdicts_;
  std::vector<held_lease_row> leases_;  // by id
  std::vector<leased_report> fresh_;
  std::deque<attempt_report> refused_;  // as they are recorded
  std::set<std::pair<lease_id, partition_no>> refused_names_;
  std::map<step_id, counter_record> totals_;
  tile_pieces tiles_;
  std::map<lease_id, numbers_by_outcome> news_;
};

}  // namespace

void require_texts(std::span<const attempt_report> items) {
  for (const auto& item : items) {
    require_text("the output of a partition", item.output);
    require_text("the error of a partition", item.error);
    require_text("the files of a partition", item.files);
  }
}

std::vector<std::string> final_names(const json_text& files) {
  std::vector<std::string> names;
  if (files.empty()) return names;  // nearly always: asked for every result
  const auto pairs = nlohmann::json::parse(files, nullptr, false);
  if (!pairs.is_array()) return names;
  for (const auto& pair : pairs)
    if (pair.is_array() && !pair.empty() && pair[0].is_string())
      if (const auto& name = pair[0].get_ref<const std::string&>();
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  return names;
}

std::vector<report_verdict> report(transaction& tx, node_id node,
                                   std::span<const attempt_report> items) {
  require_texts(items);
  if (items.empty()) return {};
  return batch{tx, node, items}.record();
}

}  // namespace partita::verbs
