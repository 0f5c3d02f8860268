#include "apps/partita/http/answers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/gzip.hpp"
#include "storage/clock.hpp"

namespace partita::http {

namespace {

constexpr std::size_t most_slots = 64;
constexpr std::size_t largest_shared = 1'000'000;  // bytes
constexpr milliseconds still_true{10'000};         // for who must not wait

/// What an answer depends on. With lengths: no two requests have the same key.
std::string key_of(const request& what) {
  auto key = what.path;
  for (const auto& [name, value] : what.query)
    key += fmt::format(" {}:{}{}:{}", name.size(), name, value.size(), value);
  return key;
}

}  // namespace

std::string etag_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return fmt::format("\"{:016x}\"", hash);
}

bool has_version(const request& what, const std::string& etag) {
  return what.header("if-none-match").find(etag) != std::string::npos;
}

bool answers::is_old(slot& one, mono_time now) const {
  std::lock_guard held{one.of_last};
  return now - one.made > kept_;
}

/// What nobody asks for any more is dropped.
std::shared_ptr<answers::slot> answers::slot_of(const std::string& key, mono_time now) {
  std::lock_guard lock{guard_};
  std::erase_if(slots_, [&](const auto& one) {
    return one.first != key && one.second.use_count() == 1 && is_old(*one.second, now);
  });
  if (slots_.size() >= most_slots && !slots_.contains(key)) return std::make_shared<slot>();
  auto& found = slots_[key];
  if (!found) found = std::make_shared<slot>();
  return found;
}

response answers::get(const request& what, const std::function<response()>& make) {
  const auto mine = slot_of(key_of(what), boot_now());
  std::lock_guard lock{mine->guard};
  return answer(*mine, what, make);
}

response answers::get_soon(const request& what, const std::function<response()>& make) {
  const auto mine = slot_of(key_of(what), boot_now());
  std::unique_lock lock{mine->guard, std::try_to_lock};
  if (lock.owns_lock()) return answer(*mine, what, make);
  std::lock_guard held{mine->of_last};
  if (mine->last && boot_now() - mine->made < still_true) return *mine->last;
  return {503,
          "text/plain; charset=utf-8",
          "somebody looks already, and has no answer yet\n",
          {{"Cache-Control", "no-store"}, {"Retry-After", "2"}}};
}

response answers::answer(slot& of, const request& what, const std::function<response()>& make) {
  {
    std::lock_guard held{of.of_last};
    if (of.last && boot_now() - of.made <= kept_) return last_of(of, what);
  }
  auto fresh = guarded([&](const request&) { return make(); }, what);
  const auto etag = etag_of(fresh.body);
  fresh.headers.emplace_back("ETag", etag);
  if (std::none_of(fresh.headers.begin(), fresh.headers.end(),
                   [](const auto& header) { return header.first == "Cache-Control"; }))
    fresh.headers.emplace_back("Cache-Control", "no-cache");
  if (fresh.body.size() > largest_shared) return fresh;
  if (what.takes_gzip()) fresh.packed = gzipped(fresh.body);
  std::lock_guard held{of.of_last};
  of.etag = etag;
  of.last = std::make_shared<const response>(std::move(fresh));
  of.made = boot_now();
  return last_of(of, what);
}

/// REQUIRES: of_last is held.
response answers::last_of(const slot& of, const request& what) {
  if (of.last->status == 200 && has_version(what, of.etag))
    return {304, of.last->type, "", of.last->headers};
  return *of.last;
}

}  // namespace partita::http
