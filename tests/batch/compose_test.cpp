#include <atomic>
#include <thread>

#include "batch/errors.hpp"
#include "batch/readers/collection.hpp"
#include "batch/readers/compose.hpp"
#include "batch/readers/generator.hpp"
#include "batch/writers/compose.hpp"
#include "batch/writers/csv.hpp"
#include "batch/writers/json_lines.hpp"
#include "tests/batch/reading.hpp"
#include "tests/batch/writing.hpp"

using namespace partita;
using namespace std::chrono_literals;
using test::read_all;
using test::read_file;
using test::temp_dir;
namespace fs = std::filesystem;

namespace {

using texts = std::vector<std::string>;

std::string text_of(int number) { return std::to_string(number); }

/// Squares below 100, and an item that is refused.
std::optional<int> square(std::int64_t number) {
  if (number == 3) throw data_error("three");
  if (number == 10) return std::nullopt;
  return static_cast<int>(number * number);
}

const texts squares{"0", "1", "4", "REFUSED item 3: three", "16", "25", "36", "49", "64", "81"};

sequence<int> squares_in_sequence() {
  return sequence<int>{[number = std::int64_t{0}]() mutable { return square(number++); }};
}

csv::writer<int> csv_writer(const fs::path& file) {
  return {file, {"n"}, [](csv::fields& to, int number) {
            if (number == 13) throw data_error("unlucky");
            to.add(number);
          }};
}

/// A writer of a database, say: it has no positions and wants something more.
struct counting {
  int* total;
  template <class T>
  void write(std::span<const T> items, int& more) {
    *total += static_cast<int>(items.size()) * more;
  }
};

}  // namespace

TEST_CASE("a vector is read in order, and goes on anywhere") {
  const auto make = [] { return collection<int>{{5, 6, 7}}; };
  auto reader = make();
  CHECK(read_all(reader, text_of) == texts{"5", "6", "7"});
  CHECK(reader.where() == "item 2");
  CHECK(reader.next() == std::nullopt);
  test::require_it_goes_on(make, text_of);
  for (const json& wrong : {json(4), json(-1), json("1"), json(nullptr)})
    CHECK_THROWS_AS(reader.seek(wrong), permanent_error);
  collection<int> nothing{{}};
  CHECK(nothing.next() == std::nullopt);
}

TEST_CASE("a generator reads what its function makes, and goes on anywhere") {
  const auto make = [] { return generator<int>{square}; };
  auto reader = make();
  CHECK(read_all(reader, text_of) == squares);
  CHECK(reader.position() == 10);
  CHECK(reader.where() == "item 9");
  CHECK(reader.next() == std::nullopt);
  test::require_it_goes_on(make, text_of);
  CHECK_THROWS_AS(reader.seek(-1), permanent_error);
}

TEST_CASE("a sequence reads what its function gives, and goes on by repeating it") {
  auto reader = squares_in_sequence();
  CHECK(read_all(reader, text_of) == squares);
  test::require_it_goes_on(squares_in_sequence, text_of);
  CHECK_THROWS_WITH(reader.seek(3), "a sequence cannot go back");
  CHECK_THROWS_WITH(squares_in_sequence().seek(11), "the sequence ends before the stored position");
}

TEST_CASE("what is peeked at is read next, also when it is refused") {
  const auto make = [] { return peekable{generator<int>{square}}; };
  auto reader = make();
  CHECK(reader.peek() == 0);
  CHECK(reader.peek() == 0);
  CHECK(reader.position() == 0);
  CHECK(reader.next() == 0);
  CHECK(reader.where() == "item 0");
  CHECK(reader.peek() == 1);
  CHECK(reader.where() == "item 0");
  reader.seek(3);
  CHECK_THROWS_WITH(reader.peek(), "item 3: three");
  CHECK(reader.position() == 3);
  CHECK_THROWS_WITH(reader.next(), "item 3: three");
  CHECK(reader.position() == 4);
  CHECK(reader.next() == 16);
  reader.seek(10);
  CHECK(reader.peek() == std::nullopt);
  CHECK(reader.next() == std::nullopt);
  test::require_it_goes_on(make, text_of);
}

TEST_CASE("a limit of speed waits between items, and never makes up for late ones") {
  auto now = 0ms;
  std::vector<std::chrono::nanoseconds> waits;
  const pace_clock clock{[&] { return now; },
                         [&](std::chrono::nanoseconds time) {
                           waits.push_back(time);
                           now += std::chrono::duration_cast<std::chrono::milliseconds>(time);
                         }};
  rate_limited reader{generator<int>{square}, 100, clock};
  CHECK(reader.next() == 0);
  CHECK(waits.empty());
  CHECK(reader.next() == 1);
  CHECK(waits == std::vector<std::chrono::nanoseconds>{10ms});
  now += 4ms;
  CHECK(reader.next() == 4);
  CHECK(waits.back() == 6ms);
  now += 100ms;
  CHECK_THROWS_WITH(reader.next(), "item 3: three");
  CHECK(waits.size() == 2);
  CHECK(reader.next() == 16);
  CHECK(waits.back() == 10ms);
  CHECK(reader.position() == 5);
  for (const double wrong : {0.0, -1.0, 2e9})
    CHECK_THROWS_AS((rate_limited{generator<int>{square}, wrong, clock}), definition_error);
}

TEST_CASE("several threads read each item once") {
  constexpr int count = 20'000;
  synchronised reader{generator<int>{[](std::int64_t number) -> std::optional<int> {
    if (number == count) return std::nullopt;
    return static_cast<int>(number);
  }}};
  std::vector<std::atomic<int>> seen(count);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        while (const auto item = reader.next()) ++seen[static_cast<std::size_t>(*item)];
      });
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& times) { return times == 1; }));
  CHECK(reader.position() == count);
}

TEST_CASE("a tee writes every item to every writer, or none to any") {
  temp_dir dir;
  tee writer{csv_writer(dir / "a"), csv_writer(dir / "b")};
  const std::vector<int> items{1, 2, 13, 4};
  test::write_chunk(writer, items, 0, 2);
  const auto before = writer.position();
  CHECK(before == json{6, 6});
  CHECK_THROWS_AS(test::write_chunk(writer, items, 2, 2), data_error);
  CHECK(writer.position() == before);
  writer.sync();
  writer.close();
  CHECK(read_file(dir / "a") == "n\n1\n2\n");
  CHECK(read_file(dir / "b") == "n\n1\n2\n");
}

TEST_CASE("what the first writer of a tee wrote is taken back when the second one refuses it") {
  temp_dir dir;
  tee writer{json_lines::writer<int>{dir / "a"}, csv_writer(dir / "b")};
  const std::vector<int> items{1, 2, 13, 4};
  test::write_chunk(writer, items, 0, 2);
  CHECK_THROWS_WITH(test::write_chunk(writer, items, 2, 2), "unlucky");
  test::write_chunk(writer, items, 3, 1);
  writer.close();
  CHECK(read_file(dir / "a") == "1\n2\n4\n");
  CHECK(read_file(dir / "b") == "n\n1\n2\n4\n");
}

TEST_CASE("items are written to the writer that is picked, in their order") {
  temp_dir dir;
  const auto by_parity = [](const int& number) { return static_cast<std::size_t>(number % 2); };
  const auto make = [&](const std::string& name) {
    return classify<int>(by_parity, csv_writer(dir / (name + "even")),
                         csv_writer(dir / (name + "odd")));
  };
  const std::vector<int> items{2, 5, 1, 4, 6, 3, 13, 8};
  auto writer = make("first");
  test::write_chunk(writer, items, 0, 3);
  const json position = json::parse(writer.position().dump());
  test::write_chunk(writer, items, 3, 2);
  CHECK_THROWS_AS(test::write_chunk(writer, items, 5, 3), data_error);

  for (const auto* part : {"even", "odd"})
    fs::copy_file(dir / (std::string{"first"} + part), dir / (std::string{"second"} + part));
  auto second = make("second");
  second.resume(position);
  test::write_chunk(second, items, 3, 3);
  second.close();
  CHECK(read_file(dir / "secondeven") == "n\n2\n4\n6\n");
  CHECK(read_file(dir / "secondodd") == "n\n5\n1\n3\n");
  CHECK_THROWS_WITH(second.resume(json{1}), "the stored position is not one of 2 writers");
  CHECK_THROWS_WITH(classify<int>([](int) { return std::size_t{2}; }, csv_writer(dir / "x"))
                        .write(std::span<const int>{items}),
                    "writer 2 is picked, but there are 1");
}

TEST_CASE("a writer without positions is composed with files") {
  temp_dir dir;
  int total = 0;
  int weight = 10;
  const auto pick = [](const int& number) { return static_cast<std::size_t>(number > 2 ? 1 : 0); };
  auto writer = classify<int>(pick, counting{&total}, counting{&total});
  const std::vector<int> items{1, 2, 3};
  writer.write(std::span<const int>{items}, weight);
  CHECK(total == 30);
  CHECK(writer.position() == json{nullptr, nullptr});
  writer.resume(writer.position());

  tee mixed{counting{&total}, csv_writer(dir / "f")};
  mixed.write(std::span<const int>{items}, weight);
  CHECK(total == 60);
  CHECK(mixed.position() == json{nullptr, 8});
  mixed.resume(json{nullptr, 0});
  mixed.write(std::span<const int>{items}.first(1), weight);
  mixed.sync();
  mixed.close();
  CHECK(read_file(dir / "f") == "n\n1\n");
}
