#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch/chunks_ahead.hpp"
#include "batch/job.hpp"
#include "batch/streamed_items.hpp"

// Chunks: items are read, processed and written a few hundred at a time, and each chunk is one
// transaction. What the writer wrote, the items that were let go, the counts and the reader's
// position stand together, or none of it does: so every item is written exactly once, whatever
// fails, on any node and in any restart.
//
// A reader of T has
//   std::optional<T> next();             nothing at the end
// and where it can go on,
//   json position() const;               of the item that comes next
//   void seek(const json& position);
// and may have
//   std::string where() const;           of the item that came last: "FILE, line 7"
// One that cannot seek reads again what was read before, and that is dropped. When next() throws
// data_error, one item was malformed, and next() can be called again. After anything else it cannot
// be called again, so no policy lets that go. `restart --skipped` tries items again by their number
// in the partition: a reader must give the same items in the same order then. Where `where` tells
// another place than before, the item is refused.
//
// A writer of T is a function, or has `write`, of
//   (std::span<const T>, sql_transaction&)   rows in the database of the engine: exactly once
//   (std::span<const T>)                     files: exactly once, see below; anything else: at
//                                            least once (idempotency_key tells a repeat)
// One that writes output files (partition_context::output_file) also has
//   json position() const;               behind what was written; that is handed to the system
//   void resume(const json& position);   goes on there: what follows it is cut off
//   void sync();                         makes what was written durable
// and may have
//   void close();                        writes the end: there are no more items
// The next attempt goes on with its files, on every node that sees them. On another host's disk
// they are lost: it makes them anew from the first item, if the writer has nothing but files.
//
// `write` returns nothing, or a std::vector<refused_item>, in order: what it writes to refused
// these, all others are written. Each is a data_error, about which the skip policy decides.
namespace partita {

/// Exceptions of these types, and what is derived from them.
template <class... Errors>
error_filter on() {
  return
      [](const std::exception& e) { return ((dynamic_cast<const Errors*>(&e) != nullptr) || ...); };
}

/// How many items policies may let go: a number, or the value of a parameter of the run.
class at_most {
 public:
  explicit at_most(std::int64_t count) : limit_([count](const parameters&) { return count; }) {}
  explicit at_most(std::string parameter)
      : limit_([name = std::move(parameter)](const parameters& given) {
          return given.get<std::int64_t>(name);
        }) {}
  const skip_limit_function& limit() const { return limit_; }

 private:
  skip_limit_function limit_;
};

template <class In, class Out = In>
class chunked {
 public:
  /// `items` a chunk: the commit interval.
  explicit chunked(int items) { how_.size = items; }

  /// A factory of readers: called once an attempt.
  template <class Factory>
  chunked& read(Factory make) {
    read_ = [make = std::move(make)](partition_context& p) -> std::unique_ptr<source> {
      return std::make_unique<items_of_reader<In, decltype(make(p))>>(make(p));
    };
    return *this;
  }

  /// What becomes of an item: `Out`, or std::optional<Out>, of which nothing filters the item. It
  /// may take the place of the item as a second parameter: `const item&`. It must bear to be called
  /// again for the same item.
  template <class Function>
  chunked& process(Function f) {
    process_ = processor_of(std::move(f));
    return *this;
  }
  /// The same, made by a factory once an attempt: it sees parameters and resources.
  template <class Factory>
  chunked& process_with(Factory make) {
    make_process_ = [make = std::move(make)](partition_context& p) {
      return processor_of(make(p));
    };
    return *this;
  }

  /// A factory of writers: called once an attempt.
  template <class Factory>
  chunked& write(Factory make) {
    write_ = [make = std::move(make)](partition_context& p) -> std::unique_ptr<sink> {
      return std::make_unique<writer_of<decltype(make(p))>>(make(p));
    };
    return *this;
  }

  /// After these errors an item is processed again, and a chunk is written again, at most `n` times
  /// in all.
  chunked& retry(error_filter which, attempts n, backoff_of rest = {}) {
    how_.retried = std::move(which);
    how_.retries = {n.count, rest.first, rest.factor, rest.most};
    return *this;
  }

  /// Items that end in these errors are let go, and kept as skipped; more than `most` in one
  /// partition fail it at once, more in all partitions fail the step at its end. A chunk that
  /// cannot be written is written item by item, so that only the bad ones are let go.
  chunked& skip(error_filter which, at_most most) {
    how_.skipped = std::move(which);
    how_.skip_limit = most.limit();
    return *this;
  }

  /// Throws definition_error when something is missing.
  operator chunked_body() const {  // NOLINT: `each(chunked<T>(100)…)` reads well
    require_chunk_size(how_.size);
    if (!read_) throw definition_error("a chunked step has no reader");
    if (!write_) throw definition_error("a chunked step has no writer");
    const bool processes = process_ || make_process_;
    if (process_ && make_process_) throw definition_error("a chunked step has two processors");
    if (!processes && !std::is_same_v<In, Out>)
      throw definition_error("a chunked step has no processor between its two types");
    if (processes && how_.retried && !std::is_copy_constructible_v<In>)
      throw definition_error(
          "items that cannot be copied cannot be processed again: leave out the retry");
    chunked_body body;
    body.run = [self = *this](partition_context& p) { self.run(p, self.read_); };
    body.run_in_threads = [self = *this](partition_context& p, int threads) {
      self.run_in_threads(p, threads);
    };
    if constexpr (json_item<In>) {
      body.pack = [read = read_](partition_context& p, int items, const take_partition& yield) {
        item_packer packer{items, yield};
        pack_items(*read(p), packer);
      };
      body.run_packed = [self = *this](partition_context& p) {
        self.run(p, [](partition_context& of) {
          return std::make_unique<streamed_items<In>>(of.input());
        });
      };
    }
    if (how_.skipped) body.skip_limit = how_.skip_limit;
    if (how_.skipped && how_.skipped(crash_error(""))) body.crash_suspects = how_.size;
    body.processor = processor();
    return body;
  }

 private:
  using source = item_source<In>;
  using processing = processor_function<In, Out>;

  template <class Function>
  static processing processor_of(Function f) {
    return [f = std::move(f)](In in, const item& where) -> std::optional<Out> {
      if constexpr (std::is_invocable_v<const Function&, In, const item&>)
        return f(std::move(in), where);
      else
        return f(std::move(in));
    };
  }
  processing processor_for(partition_context& p) const {
    return make_process_ ? make_process_(p) : process_;
  }

  class sink : public chunk_output {
   public:
    std::vector<Out> outputs;  // of the chunk that is being filled
  };

  template <class Writer>
  class writer_of final : public sink {
   public:
    explicit writer_of(Writer writer) : writer_(std::move(writer)) {}

    static constexpr bool is_function_of_sql =
        std::is_invocable_v<Writer&, std::span<const Out>, sql_transaction&>;
    static constexpr bool has_write_of_sql =
        requires(Writer & w, std::span<const Out> items, sql_transaction& tx) {
      w.write(items, tx);
    };

    bool uses_sql() const override { return is_function_of_sql || has_write_of_sql; }
    std::vector<refused_item> write(sql_transaction* tx, std::size_t first,
                                    std::size_t count) override {
      const auto items = std::span<const Out>{this->outputs}.subspan(first, count);
      using answer = std::remove_cvref_t<decltype(hand_over(items, tx))>;
      if constexpr (std::is_same_v<answer, std::vector<refused_item>>) {
        answer refused = hand_over(items, tx);
        for (auto& one : refused) one.index += first;
        return refused;
      } else {
        hand_over(items, tx);
        return {};
      }
    }

    static constexpr bool can_go_on = requires(Writer & w, const Writer& same, const json& at) {
      { same.position() } -> std::convertible_to<json>;
      w.resume(at);
      w.sync();
    };

    bool goes_on() const override { return can_go_on; }
    json position() const override {
      if constexpr (can_go_on) return writer_.position();
      return nullptr;
    }
    void resume(const json& position) override {
      if constexpr (can_go_on) writer_.resume(position);
    }
    void sync() override {
      if constexpr (can_go_on) writer_.sync();
    }
    void close() override {
      if constexpr (requires { writer_.close(); }) writer_.close();
    }

   private:
    decltype(auto) hand_over(std::span<const Out> items, sql_transaction* tx) {
      if constexpr (is_function_of_sql)
        return writer_(items, *tx);
      else if constexpr (has_write_of_sql)
        return writer_.write(items, *tx);
      else if constexpr (std::is_invocable_v<Writer&, std::span<const Out>>)
        return writer_(items);
      else
        return writer_.write(items);
    }

    Writer writer_;
  };

  using source_maker = std::function<std::unique_ptr<source>(partition_context&)>;

  void run(partition_context& p, const source_maker& read) const {
    chunk_loop loop{p, how_};
    const auto made = read(p);
    auto& reader = *made;
    const auto process = processor_for(p);
    const auto writer = write_(p);
    if (const auto position = loop.begin(*writer)) reader.go_on(*position, loop.items());
    const auto where = [&] { return reader.where(); };
    for (auto last = chunk_loop::got::item; last != chunk_loop::got::end;) {
      while (loop.wants_items()) {
        std::optional<In> in;
        last = loop.read([&] { return (in = reader.next()).has_value(); }, where);
        if (last == chunk_loop::got::end) break;
        if (last != chunk_loop::got::item) continue;
        std::optional<Out> out;
        const bool is_written = loop.process(
            [&] {
              return is_made(out, [&] { return made_of(process, *in, {loop.items() - 1, where}); });
            },
            where);
        if (!out) continue;
        loop.will_write([&](std::string& to) { reader.tell_place(to); }, !is_written);
        writer->outputs.push_back(std::move(*out));
      }
      loop.commit(reader.position(), last == chunk_loop::got::end);
      writer->outputs.clear();
      if (last != chunk_loop::got::end) p.stop_if_requested();
    }
    loop.finish();
  }

  /// The same, but threads process the next chunk while this one is written.
  void run_in_threads(partition_context& p, int threads) const {
    chunk_loop loop{p, how_};
    const auto reader = read_(p);
    const auto process = processor_for(p);
    const auto writer = write_(p);
    if (const auto position = loop.begin(*writer)) reader->go_on(*position, loop.items());
    chunks_ahead<In, Out> chunks{*reader, threads, [&](In& in, const item& it) {
                                   return loop.was_done(it.ordinal) ? std::optional<Out>{}
                                                                    : made_of(process, in, it);
                                 }};
    chunks.begin(loop.items(), loop.room());
    while (auto* now = chunks.first()) {
      if (!p.stop_requested()) chunks.begin(loop.items() + now->size(), loop.room(now->size()));
      chunks.wait();
      for (auto& one : now->items) take(process, one, loop, *writer);
      loop.commit(now->position);
      writer->outputs.clear();
      chunks.drop_first();
      p.stop_if_requested();
    }
    loop.finish();
  }

  /// What the threads made of an item. When it is tried again, that happens here.
  void take(const processing& process, typename chunks_ahead<In, Out>::work& one, chunk_loop& loop,
            sink& to) const {
    const auto where = [&] { return one.where; };
    const auto outcome = [&] {
      if (one.error) std::rethrow_exception(std::exchange(one.error, nullptr));
    };
    if (loop.read(
            [&] {
              if (!one.in) outcome();
              return true;
            },
            where) != chunk_loop::got::item)
      return;
    bool first = true;
    std::optional<Out> out;
    const auto made = [&] {
      return is_made(out, [&] {
        if (!std::exchange(first, false))
          return made_of(process, *one.in, {loop.items() - 1, where});
        outcome();
        return std::move(one.out);
      });
    };
    const bool is_written = loop.process(made, where);
    if (!out) return;
    loop.will_write([&](std::string& places) { places += one.where; }, !is_written);
    to.outputs.push_back(std::move(*out));
  }

  /// Whether `make` makes something. What it throws may bring something in its place.
  template <class Make>
  static bool is_made(std::optional<Out>& out, const Make& make) {
    try {
      out = make();
      return out.has_value();
    } catch (data_error_with<Out>& e) {
      out = std::move(e.instead);
      throw;
    } catch (...) {
      out.reset();
      throw;
    }
  }

  item_processor processor() const {
    if (make_process_) return {};
    auto make = process_;
    if constexpr (std::is_same_v<In, Out>)
      if (!make) make = [](In in, const item&) { return std::optional<Out>{std::move(in)}; };
    return {std::move(make), &typeid(In), &typeid(Out)};
  }

  /// An item that may be processed again is kept.
  std::optional<Out> made_of(const processing& process, In& in, const item& where) const {
    if constexpr (std::is_same_v<In, Out>)
      if (!process) return std::move(in);
    if constexpr (std::is_copy_constructible_v<In>)
      if (how_.retried) return process(In(in), where);
    return process(std::move(in), where);
  }

  chunk_policies how_;
  source_maker read_;
  processing process_;
  std::function<processing(partition_context&)> make_process_;
  std::function<std::unique_ptr<sink>(partition_context&)> write_;
};

}  // namespace partita
