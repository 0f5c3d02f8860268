// Names of objects, and, by "[.s3]", a real object store: tests/process/objects.sh brings one.
#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <stop_token>
#include <system_error>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/objects/object_name.hpp"
#include "batch/objects/object_store.hpp"
#include "batch/output_files.hpp"
#include "batch/readers/input_file.hpp"
#include "batch/writers/output_folder.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using Catch::Contains;
using test::read_file;
using test::temp_dir;
namespace fs = std::filesystem;

TEST_CASE("objects are named like files") {
  CHECK(is_object("s3://bucket/a/b"));
  CHECK_FALSE(is_object("/s3://bucket/a"));
  CHECK_FALSE(is_object("s3:/bucket/a"));
  CHECK(parse_object_name("s3://bucket/a b/\xc3\xa4") == object_name{"bucket", "a b/\xc3\xa4"});
  CHECK(parse_object_folder("s3://bucket") == object_name{"bucket", ""});
  CHECK(parse_object_folder("s3://bucket/") == object_name{"bucket", ""});
  CHECK(parse_object_folder("s3://bucket/a/") == parse_object_folder("s3://bucket/a"));
  CHECK(fs::path{"s3://bucket/a"} / "b" == "s3://bucket/a/b");
  CHECK(fs::path{"s3://bucket/a"}.parent_path() == "s3://bucket");
  CHECK(plain_path("s3://bucket/a") == "s3://bucket/a");
}

TEST_CASE("what names no object is refused with the reason") {
  for (const auto* name : {"s3://", "s3://b/k", "s3://Bucket/k", "s3:///k", "s3://a_b_c/k",
                           "s3://.abc/k", "s3://a..b/k"})
    CHECK_THROWS_WITH(parse_object_name(name), Contains("a bucket has 3 to 63 characters"));
  CHECK_THROWS_WITH(parse_object_name("s3://bucket"), Contains("its key is missing"));
  CHECK_THROWS_WITH(parse_object_name("s3://bucket/a/"), Contains("its key ends with a '/'"));
  for (const auto* key : {"a//b", "./a", "a/../b", "a/..", "/a"})
    CHECK_THROWS_WITH(parse_object_name(std::string{"s3://bucket/"} + key),
                      Contains("between two slashes"));
  CHECK_THROWS_WITH(parse_object_name("s3://bucket/a\nb"), Contains("control characters"));
  for (const auto* name : {"S3://bucket/a", "s3:/bucket/a"}) {
    CHECK(is_nearly_object(name));
    CHECK_THROWS_WITH(parse_object_name(name), Contains("it does not begin with s3://"));
  }
  CHECK_FALSE(is_nearly_object("s3://bucket/a"));
  CHECK_FALSE(is_nearly_object("/s3:/bucket/a"));
  CHECK_THROWS_WITH(parse_object_name("s3://bucket/\xff"), Contains("UTF-8"));
  CHECK_THROWS_WITH(parse_object_name("s3://bucket/" + std::string(1025, 'k')),
                    Contains("1,024 bytes"));
}

TEST_CASE("objects are the node's to use below the folders it was given, and nowhere else") {
  struct unconfined {
    ~unconfined() { confine_files({"/"}); }
  } then;
  confine_files({"/"});
  CHECK_THROWS_WITH(require_confined("s3://bucket/a"), Contains("s3://bucket/a lies outside"));
  temp_dir dir;
  confine_files({dir.path(), "s3://bucket/mine", "s3://whole"});
  CHECK_NOTHROW(require_confined("s3://bucket/mine"));
  CHECK_NOTHROW(require_confined("s3://bucket/mine/a"));
  CHECK_NOTHROW(require_confined("s3://whole/a"));
  for (const auto* name : {"s3://bucket/mine2/a", "s3://bucket/a", "s3://bucket", "s3://whole2/a",
                           "s3://bucket/mine/../a"})
    CHECK_THROWS_AS(require_confined(name), permanent_error);
  CHECK_THROWS_WITH(require_confined("s3://bucket/a"),
                    Contains("s3://bucket/mine") && !Contains(scratch_folder().string()));
  CHECK_THROWS_AS(open_confined("s3://whole/a", O_RDONLY, "cannot read"), permanent_error);
  // What becomes an object is written there first.
  const auto file = stage_output("s3://whole/a", run_id{1}, "step", lease_id{2}, 3);
  CHECK(written_path(file).parent_path() == scratch_folder());
  CHECK_NOTHROW(require_confined(written_path(file)));
  const auto elsewhere = stage_output("s3://whole/b/a", run_id{1}, "step", lease_id{2}, 3);
  CHECK(written_path(file) != written_path(elsewhere));
  CHECK_THROWS_AS(confine_files({"s3://"}), permanent_error);
}

namespace {

std::string some_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 2'654'435'761U >> 7);
  return bytes;
}

/// An object of the bucket "partita", which tests/process/s3_server.py makes.
object_name named(const std::string& key) { return {"partita", key}; }

std::string whole(object_store& store, const object_name& name) {
  const auto state = store.find(name);
  if (!state) return "(none)";
  return state->size == 0 ? "" : store.read(name, 0, state->size, state->etag);
}

void write_staged(const output_file& file, const std::string& bytes) {
  test::write_file(written_path(file), bytes);
}

}  // namespace

TEST_CASE("objects are put, read, copied, listed and removed", "[.s3]") {
  object_store store{{.part = 100'000}};
  temp_dir dir;
  for (const std::size_t size : {0, 1, 100'000, 100'001, 300'000}) {
    CAPTURE(size);
    const auto bytes = some_bytes(size);
    test::write_file(dir / "file", bytes);
    const partita::file_handle file{::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC)};
    const auto name = named("kinds/a b+c%\xc3\xa4=&?#~/" + std::to_string(size));
    store.put(name, file.get(), "mark of it");
    const auto state = store.find(name);
    REQUIRE(state);
    CHECK(state->size == static_cast<std::int64_t>(size));
    CHECK(state->mark == "mark of it");
    CHECK((whole(store, name) == bytes));
    const auto copied = named("copies/" + std::to_string(size));
    CHECK((size > 200'000 ? store.copy_in_parts(name, copied) : store.copy(name, copied)));
    CHECK((whole(store, copied) == bytes));
    CHECK(store.find(copied)->mark == "mark of it");
    if (size > 3) CHECK(store.read(name, 2, 1, state->etag) == bytes.substr(2, 1));
  }
  const auto folder = named("kinds/a b+c%\xc3\xa4=&?#~/");
  CHECK(store.list(named("kinds/")).empty());  // they lie deeper
  CHECK(store.list(folder).size() == 5);
  object_store by_two{{.listed = 2}};
  const auto keys = by_two.list(folder);
  CHECK(keys == store.list(folder));
  CHECK(keys[1] == folder.key + "1");
  for (const auto& key : keys) store.remove(named(key));
  CHECK(store.list(folder).empty());
  CHECK_NOTHROW(store.remove(named("kinds/none")));
  CHECK_FALSE(store.find(named("kinds/none")));
  CHECK_FALSE(store.copy(named("kinds/none"), named("kinds/more")));
  CHECK_FALSE(store.copy_in_parts(named("kinds/none"), named("kinds/more")));
}

namespace {

/// A file of 250,000 bytes, which goes in three parts, and a relay that spoils answers of the
/// store.
struct spoilt {
  temp_dir dir;
  std::string bytes = some_bytes(250'000);
  fs::path fault{std::getenv("PARTITA_S3_FAULT")};
  object_store store{{.part = 100'000, .tries = 4, .wait = milliseconds{1}}};
  partita::file_handle file;

  spoilt() {
    test::write_file(dir / "file", bytes);
    file = partita::file_handle{::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC)};
  }
  ~spoilt() { spoil(""); }
  /// What tests/process/s3_relay.py understands.
  void spoil(const std::string& how) const { test::write_file(fault, how); }
};

}  // namespace

TEST_CASE("answers that fail, lie, or break off are asked for again", "[.s3]") {
  spoilt s;
  const auto from = named("fault/from"), to = named("fault/to");
  for (const auto& [how, says_200] : {std::pair{"503 3", false},
                                      {"lost 1", false},
                                      {"half 1", false},
                                      {"late 3", true},
                                      {"empty 3", true}}) {
    CAPTURE(how);
    if (!says_200) s.spoil(how);  // the answer to a put says nothing else
    s.store.put_text(from, "some");
    s.spoil(how);
    CHECK(s.store.copy(from, to));
    s.spoil("");
    CHECK(whole(s.store, to) == "some");
    const auto state = s.store.find(from);
    if (!says_200) s.spoil(how);
    CHECK(s.store.read(from, 1, 2, state->etag) == "om");
    s.spoil("");
    for (const auto& name : {from, to}) s.store.remove(name);
  }
  const auto none = named("fault/none");
  s.spoil("503 99");
  CHECK_THROWS_WITH(s.store.put_text(none, "some"),
                    Contains("s3://partita/fault/none: the object store fails: 503 InternalError"));
  CHECK_THROWS_AS(s.store.put(none, s.file.get(), "mark"), transient_error);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(s.store.put(none, s.file.get(), "mark", stop.get_token()), stop_requested_error);
  s.spoil("");
  CHECK_FALSE(s.store.find(none));
}

TEST_CASE("each answer of a transfer in parts may be lost", "[.s3]") {
  spoilt s;
  const auto name = named("fault/parts");
  const auto put = [&](const std::string& how) {
    CAPTURE(how);
    s.spoil(how);
    s.store.put(name, s.file.get(), "mark");
    s.spoil("");
    CHECK((whole(s.store, name) == s.bytes));
    s.store.remove(name);
  };
  // It begins, three parts come, it ends, and what is there is looked at.
  for (int before = 0; before < 6; ++before) put("lost 1 after " + std::to_string(before));
  put("late 2 after 4");
  put("empty 2 after 4");
}

TEST_CASE("who is in a hurry asks once, and leaves the rest to who is not", "[.s3]") {
  spoilt s;
  const auto staged = [](const std::string& file_name) {
    auto file = stage_output("s3://partita/hurry/" + file_name, run_id{7}, "step", lease_id{9}, 0);
    write_staged(file, "some");
    file.identity = sync_file(file);
    return file;
  };
  const auto one = staged("one"), two = staged("two");
  s.spoil("503 1");
  publication hurried{true};
  CHECK_THROWS_AS(hurried.add(one), transient_error);
  CHECK_THROWS_WITH(hurried.add(two), Contains("waits: the object store failed before"));
  s.spoil("503 1");
  publication patient;
  patient.add(one);
  patient.add(two);
  CHECK(whole(s.store, named("hurry/two")) == "some");
  // What was published goes with its run, and not what another run has put there since.
  s.store.put_text(named("hurry/two"), "another one");
  CHECK(remove_published(one));
  CHECK_FALSE(remove_published(one));
  CHECK_FALSE(remove_published(two));
  CHECK(s.store.list(named("hurry/")) == std::vector<std::string>{"hurry/two"});
}

TEST_CASE("an object that changes while it is read is told", "[.s3]") {
  objects().put_text(named("changes"), "first");
  input_file file{"s3://partita/changes"};
  const auto version = file.version();
  objects().put_text(named("changes"), "other");
  char bytes[5];
  CHECK_THROWS_WITH(file.read(bytes, 5), Contains("s3://partita/changes changed while"));
  CHECK_THROWS_WITH(input_file{"s3://partita/changes"}.require_version(version),
                    Contains("changed while"));
  CHECK_THROWS_WITH(input_file{"s3://partita/none"},
                    Contains("cannot read s3://partita/none: No such file"));
}

TEST_CASE("a large object is read in pieces, from everywhere", "[.s3]") {
  const auto bytes = some_bytes(3'000'000);
  objects().put_text(named("large"), bytes);
  input_file file{"s3://partita/large"};
  std::string got(1'000'000, '\0');
  for (const std::size_t at : {0, 999'999, 2'000'000, 2'999'990, 5}) {
    CAPTURE(at);
    file.seek(static_cast<std::int64_t>(at));
    const auto n = file.read(got.data(), got.size());
    CHECK((got.substr(0, n) == bytes.substr(at, got.size())));
  }
}

TEST_CASE("a store that refuses, or is not there, is told in a sentence", "[.s3]") {
  const std::string right = std::getenv("AWS_SECRET_ACCESS_KEY");
  struct restored {
    std::string secret, endpoint = std::getenv("AWS_ENDPOINT_URL_S3");
    ~restored() {
      ::setenv("AWS_SECRET_ACCESS_KEY", secret.c_str(), 1);
      ::setenv("AWS_ENDPOINT_URL_S3", endpoint.c_str(), 1);
      ::unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    }
  } then{right};
  object_store store{{.tries = 2, .wait = milliseconds{1}}};
  CHECK_THROWS_WITH(store.put_text({"no-such-bucket", "a"}, "text"),
                    Contains("s3://no-such-bucket/a: the object store refuses it: 404") &&
                        Contains("NoSuchBucket"));
  CHECK_THROWS_AS(store.list({"no-such-bucket", ""}), permanent_error);
  ::setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
  CHECK_THROWS_WITH(store.put_text(named("a"), "text"),
                    Contains("refuses it: 403") && !Contains("wrong"));
  ::setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1", 1);
  CHECK_THROWS_AS(store.find(named("a")), transient_error);
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", "/none", 1);
  CHECK_THROWS_WITH(store.find(named("a")), Contains("cannot read /none"));
  temp_dir dir;
  test::write_file(dir / "keys",
                   "[other]\naws_access_key_id = x\n[default]\n"
                   "aws_access_key_id = writer\naws_secret_access_key=" +
                       right + "\n");
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", (dir / "keys").c_str(), 1);
  ::setenv("AWS_ENDPOINT_URL_S3", then.endpoint.c_str(), 1);
  CHECK_NOTHROW(store.find(named("a")));
}

TEST_CASE("an attempt's file becomes an object once its result stands", "[.s3]") {
  const auto file = stage_output("s3://partita/out/f.xml", run_id{7}, "step", lease_id{9}, 0);
  auto& store = objects();
  store.put_text(named("out/f.xml"), "old");
  write_staged(file, "new");
  sync_file(file);
  CHECK(fs::exists(written_path(file)));  // another attempt may need it
  CHECK(whole(store, named("out/f.xml")) == "old");
  publication files;
  files.add(file);
  CHECK_FALSE(fs::exists(written_path(file)));
  CHECK(whole(store, named("out/f.xml")) == "new");
  CHECK_FALSE(store.find(parse_object_name(file.staged_path)));
  files.add(file);  // done already
  files.finish();
  CHECK(whole(store, named("out/f.xml")) == "new");
  CHECK_THROWS_AS(sync_file(file), std::system_error);
}

TEST_CASE("what lost attempts have left goes with their step, in the store and here", "[.s3]") {
  const auto lost = stage_output("s3://partita/lost/f", run_id{7}, "step", lease_id{9}, 0);
  const auto goes_on =
      stage_output("s3://partita/lost/f", run_id{7}, "step", lease_id{10}, 0, staging::goes_on);
  const auto other = stage_output("s3://partita/lost/f", run_id{70}, "step", lease_id{9}, 0);
  for (const auto& file : {lost, goes_on, other}) {
    write_staged(file, "some");
    sync_file(file);
  }
  discard(lost);
  discard(goes_on);
  CHECK_FALSE(fs::exists(written_path(lost)));
  CHECK(fs::exists(written_path(goes_on)));
  // The file that another attempt of this host has written is gone on with.
  const auto next =
      stage_output("s3://partita/lost/f", run_id{7}, "step", lease_id{11}, 0, staging::goes_on);
  CHECK(go_on_with(goes_on.staged_path.filename().string(), 3, next));
  CHECK(read_file(written_path(next)) == "som");
  CHECK_FALSE(go_on_with(goes_on.staged_path.filename().string(), 5, next));
  const auto keys = [] { return objects().list(named("lost/")).size(); };
  CHECK(keys() == 3);
  remove_leftovers({lost.final_path}, run_id{7}, "step");
  CHECK(keys() == 1);
  CHECK_FALSE(fs::exists(written_path(goes_on)));
  CHECK_FALSE(fs::exists(written_path(next)));
  CHECK(fs::exists(written_path(other)));
  remove_leftovers({lost.final_path}, run_id{70}, "step");
  CHECK(keys() == 0);
}

TEST_CASE("folders of a store are folders of numbered files", "[.s3]") {
  const fs::path folder{"s3://partita/numbered"};
  CHECK_NOTHROW(require_writable(folder));
  CHECK(numbered_files(folder, "part-", ".xml").empty());
  for (const auto* name :
       {"part-0.xml", "part-12.xml", "part-012.xml", "part-1.xml/part-1.xml", "part-2.txt"})
    write_small_file(folder / name, "");
  const auto files = numbered_files(folder, "part-", ".xml");
  REQUIRE(files.size() == 2);
  CHECK(files.at(12) == "s3://partita/numbered/part-12.xml");
  remove_numbered_from(1, folder, "part-", ".xml");
  CHECK(numbered_files(folder, "part-", ".xml").size() == 1);
  remove_numbered_from(0, folder, "part-", ".xml");
  CHECK_THROWS_WITH(require_writable("s3://no-such-bucket/a"), Contains("NoSuchBucket"));
  CHECK_THROWS_WITH(input_file{"s3://no-such-bucket/a"}, Contains("there is no bucket"));
  CHECK_THROWS_AS(input_file{"s3://partita/none"}, std::system_error);
  CHECK(create_small_file(folder / "claim.json", "1"));
  CHECK_FALSE(create_small_file(folder / "claim.json", "2"));
  remove_small_file(folder / "claim.json");
}
