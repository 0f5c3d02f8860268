#include "storage/transaction.hpp"
#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

/// How runs share the cluster.
struct sharing_cluster : contract {
  /// A node that knows the job, as it is described.
  node_id join_with(const job_description& described, std::vector<std::string> tags = {},
                    int slots = 2) {
    return db->register_node({.name = "node",
                              .host = "host",
                              .pid = 1,
                              .slots = slots,
                              .version = "0",
                              .jobs = {described.job},
                              .catalogue = {described},
                              .tags = std::move(tags)});
  }

  driven_run drive_with(node_id master, const std::string& parameters, int priority = 0) {
    auto wanted = launch(parameters);
    wanted.parameters = parameters;
    wanted.priority = priority;
    const auto made = db->submit(wanted);
    return {made.id, master, db->adopt_run(made.id, master, term{0}).value()};
  }

  step_spec limited(int at_most, std::vector<std::string> limits = {}) {
    auto s = spec();
    s.at_most = at_most;
    s.limits = std::move(limits);
    return s;
  }

  const ready_step* seen(const work_view& view, step_id step) {
    for (const auto& s : view.ready)
      if (s.step == step) return &s;
    return nullptr;
  }

  bool sees(node_id node, step_id step) { return seen(db->look(node), step) != nullptr; }

  std::int64_t claimed(node_id node, step_id step, std::int64_t width = 100) {
    const auto grant = db->claim(node, step, width, width, true);
    return grant ? grant->span.size() : 0;
  }

  std::vector<run_id> masterless(node_id node) {
    std::vector<run_id> runs;
    for (const auto& r : db->look(node).masterless) runs.push_back(r.id);
    return runs;
  }
};

}  // namespace

TEST_CASE_METHOD(sharing_cluster,
                 "nothing of a paused run is ready, and what is held is to be given back") {
  const auto node = join();
  const auto r = drive(node);
  const auto work = split(r, 10);
  const auto held = take(node, work, 4);
  const auto after = db->pause_run(r.run, "the mainframe is away", "ann");
  REQUIRE(after.paused);
  CHECK(after.paused->note == "the mainframe is away");
  CHECK(after.paused->by == "ann");
  CHECK(after.is_held_back());
  auto view = db->look(node);
  CHECK(view.ready.empty());
  REQUIRE(view.held.size() == 1);
  CHECK(view.held.front().lease == held.lease);
  CHECK(view.held.front().paused);
  CHECK(view.held.front().stop == stop_mode::none);
  CHECK(complete(node, held.lease, 0) == report_verdict::recorded);

  db->pause_run(r.run, "it is still away", "bob");
  CHECK(run(r.run).paused->note == "it is still away");
  CHECK_FALSE(db->resume_run(r.run, "ann").paused);
  CHECK_FALSE(db->resume_run(r.run).paused);
  view = db->look(node);
  CHECK(view.ready.size() == 1);
  CHECK_FALSE(view.held.front().paused);
  CHECK(events(event::run_paused).size() == 2);
  CHECK(events(event::run_resumed).size() == 1);
}

TEST_CASE_METHOD(sharing_cluster,
                 "a run that has ended cannot be paused, resumed or given a priority") {
  const auto r = drive(join());
  end(r, run_state::completed);
  CHECK(error_of([&] { db->pause_run(r.run, ""); }) == errc::wrong_state);
  CHECK(error_of([&] { db->resume_run(r.run); }) == errc::wrong_state);
  CHECK(error_of([&] { db->set_priority(r.run, 1); }) == errc::wrong_state);
  CHECK(error_of([&] { db->pause_run(run_id{99}, ""); }) == errc::not_found);
}

TEST_CASE_METHOD(sharing_cluster,
                 "a paused run that nobody has begun is not begun, and one that has is") {
  const auto node = join();
  const auto waits = db->submit(launch("1"));
  db->pause_run(waits.id, "");
  CHECK(masterless(node).empty());
  CHECK_FALSE(db->adopt_run(waits.id, node, term{0}));
  const auto r = drive(node, "2");
  db->step_down(r.run, node, r.term);
  db->pause_run(r.run, "");
  CHECK(masterless(node) == std::vector{r.run});
  CHECK(db->adopt_run(r.run, node, r.term));
  db->resume_run(waits.id);
  CHECK(masterless(node) == std::vector{waits.id});
  CHECK(db->adopt_run(waits.id, node, term{0}));
}

TEST_CASE_METHOD(sharing_cluster, "a paused job holds back its runs, those that come too") {
  const auto node = join_with({job});
  const auto r = drive(node, "1");
  const auto work = split(r, 10);
  CHECK(error_of([&] { db->pause_job("typo", ""); }) == errc::not_found);
  db->pause_job(job.name, "why", "ann");
  CHECK(run(r.run).job_paused);
  CHECK_FALSE(run(r.run).paused);
  CHECK_FALSE(sees(node, work));
  const auto later = db->submit(launch("2"));
  CHECK(later.job_paused);
  CHECK(masterless(node).empty());
  CHECK_FALSE(db->adopt_run(later.id, node, term{0}));
  const auto paused = db->list_paused_jobs();
  REQUIRE(paused.size() == 1);
  CHECK(paused.front().job == job.name);
  CHECK(paused.front().why.note == "why");
  CHECK(paused.front().why.by == "ann");
  db->pause_job(job.name, "another reason");
  CHECK(db->list_paused_jobs().front().why.note == "another reason");
  CHECK(db->resume_job(job.name, "ann"));
  CHECK_FALSE(db->resume_job(job.name));
  CHECK(sees(node, work));
  CHECK(masterless(node) == std::vector{later.id});
  CHECK(db->list_paused_jobs().empty());
  CHECK(events(event::job_paused).size() == 2);
  CHECK(events(event::job_resumed).size() == 1);
}

TEST_CASE_METHOD(sharing_cluster,
                 "a look tells the priority of each run, and who is to be begun first") {
  const auto node = join();
  const auto low = drive_with(node, R"({"n":1})", -5);
  const auto work = split(low, 10);
  CHECK(seen(db->look(node), work)->priority == -5);
  CHECK(db->set_priority(low.run, 7, "ann").priority == 7);
  CHECK(seen(db->look(node), work)->priority == 7);
  CHECK(error_of([&] { db->set_priority(low.run, highest_priority + 1); }) == errc::bad_request);
  CHECK(error_of([&] { drive_with(node, R"({"n":9})", lowest_priority - 1); }) ==
        errc::bad_request);
  const auto first = db->submit(launch("a"));
  const auto second = db->submit(launch("b"));
  CHECK(masterless(node) == std::vector{first.id, second.id});
  db->set_priority(second.id, 1);
  CHECK(masterless(node) == std::vector{second.id, first.id});
}

TEST_CASE_METHOD(sharing_cluster, "a run that continues another has its priority") {
  const auto r = drive_with(join(), "{}", 3);
  end(r, run_state::failed);
  CHECK(db->restart(r.run, "again").priority == 3);
}

TEST_CASE_METHOD(sharing_cluster, "a step is executed by at most so many, whoever asks") {
  const auto one = join("one", 4), two = join("two", 4);
  const auto r = drive(one);
  const auto work = split(r, 100, limited(5));
  CHECK(step(r, work).spec.at_most == 5);
  CHECK_FALSE(db->claim(one, work, 10, 10));  // it does not know of the limit
  // Four executors are within the limit, whatever the lease holds; then one is left.
  CHECK(seen(db->look(one), work)->limited);
  CHECK(claimed(one, work, 10) == 10);
  CHECK(claimed(two, work, 10) == 1);
  CHECK_FALSE(sees(two, work));
  CHECK(claimed(two, work, 10) == 0);
  CHECK(claimed(one, work, 10) > 0);  // its executors are counted already
}

TEST_CASE_METHOD(sharing_cluster, "what has ended makes room under a limit") {
  const auto one = join("one", 2), two = join("two", 2);
  const auto r = drive(one);
  const auto work = split(r, 100, limited(2));
  const auto held = db->claim(one, work, 2, 2, true);
  REQUIRE(held);
  CHECK_FALSE(sees(two, work));
  complete(one, held->lease, held->span.lo);
  CHECK(sees(two, work));
  CHECK(claimed(two, work) == 1);
  CHECK(claimed(two, work) == 0);
}

TEST_CASE_METHOD(sharing_cluster,
                 "what a lost node held makes room when it is given up, not before") {
  const auto one = join("one", 2), two = join("two", 2);
  const auto r = drive(two);
  const auto work = split(r, 100, limited(2));
  CHECK(claimed(one, work, 2) == 2);
  pass_unreachable();
  db->heartbeat(two, 0, false, limits);
  db->sweep(one, limits);
  CHECK(claimed(two, work) == 0);
  lose(one);
  CHECK(claimed(two, work) > 0);
}

TEST_CASE_METHOD(sharing_cluster, "steps that name a limit share it, in all runs") {
  const auto node = join("one", 8), other = join("two", 8);
  const auto first = drive(node, "1"), second = drive(node, "2");
  const auto a = split(first, 100, limited(0, {"api"}));
  const auto b = split(second, 100, limited(0, {"api", "disk"}));
  CHECK(step(second, b).spec.limits == std::vector<std::string>{"api", "disk"});
  auto all = db->list_limits();
  REQUIRE(all.size() == 2);
  CHECK(all.front().name == "api");
  CHECK_FALSE(all.front().slots);
  CHECK(claimed(node, a, 3) == 3);  // nobody has set it yet

  db->set_limit("api", 5, "ann");
  db->set_limit("disk", 1);
  CHECK(db->list_limits().front().slots == 5);
  CHECK(db->list_limits().front().in_use == 3);
  CHECK(claimed(other, b) == 1);  // disk
  CHECK(claimed(other, b) == 0);
  CHECK_FALSE(sees(other, b));
  CHECK(claimed(other, a) == 1);
  CHECK(claimed(other, a) == 0);
  CHECK(db->list_limits().front().in_use == 5);
  db->set_limit("api", std::nullopt);
  CHECK(claimed(other, a, 50) == 50);
  CHECK(events(event::limit_set).size() == 3);
}

TEST_CASE_METHOD(sharing_cluster, "a limit that gets lower lets go on what is under way") {
  const auto node = join("one", 8), other = join("two", 8);
  const auto work = split(drive(node), 100, limited(0, {"api"}));
  db->set_limit("api", 8);
  CHECK(claimed(node, work, 8) == 8);
  db->set_limit("api", 2);
  CHECK(claimed(other, work) == 0);
  CHECK(db->list_limits().front().in_use == 8);
  db->set_limit("api", 0);
  CHECK_FALSE(sees(node, work));
  CHECK(error_of([&] { db->set_limit("api", -1); }) == errc::bad_request);
  CHECK(error_of([&] { db->set_limit("", 1); }) == errc::bad_request);
}

TEST_CASE_METHOD(sharing_cluster,
                 "a run that continues another keeps the limits and tags of its steps") {
  const auto node = join_with({job}, {"gpu"});
  const auto r = drive(node);
  auto s = limited(3, {"api"});
  s.tags = {"gpu"};
  const auto work = split(r, 10, s);
  end(r, work, step_state::failed);
  end(r, run_state::failed);
  const auto again = db->restart(r.run, "again");
  const auto copy = db->list_steps(again.id).front();
  CHECK(copy.spec.at_most == 3);
  CHECK(copy.spec.limits == std::vector<std::string>{"api"});
  CHECK(copy.spec.tags == std::vector<std::string>{"gpu"});
}

TEST_CASE_METHOD(sharing_cluster, "a step is seen by the nodes that have its tags") {
  const auto plain = join();
  const auto gpu = join_with({job}, {"gpu"}), both = join_with({job}, {"big", "gpu"});
  auto s = spec();
  s.tags = {"gpu", "big"};
  const auto work = split(drive(plain), 10, s);
  CHECK_FALSE(sees(plain, work));
  CHECK_FALSE(sees(gpu, work));
  CHECK(sees(both, work));
  CHECK(node(both).info.tags == std::vector<std::string>{"big", "gpu"});
  for (const auto& n : db->live_nodes(job))
    CHECK(n.tags == (n.id == both  ? std::vector<std::string>{"big", "gpu"}
                     : n.id == gpu ? std::vector<std::string>{"gpu"}
                                   : std::vector<std::string>{}));
}

TEST_CASE_METHOD(sharing_cluster,
                 "at most so many runs of a job are begun, whatever asks for them") {
  const auto node = join_with({job, "{}", "", 2});
  const auto first = drive(node, "1");
  drive(node, "2");
  const auto third = db->submit(launch("3"));
  CHECK(masterless(node).empty());
  CHECK_FALSE(db->adopt_run(third.id, node, term{0}));
  CHECK(run(third.id).state == run_state::created);
  end(first, run_state::completed);
  CHECK(masterless(node) == std::vector{third.id});
  CHECK(db->adopt_run(third.id, node, term{0}));
  // A run that has begun is taken over, however many there are.
  db->step_down(third.id, node, term{1});
  CHECK(masterless(node) == std::vector{third.id});
  CHECK(db->adopt_run(third.id, node, term{1}));
}

TEST_CASE_METHOD(sharing_cluster,
                 "runs of a value of the parameter that a job is fair by come in turns") {
  const auto early = db->submit([&] {
    auto wanted = launch("early");
    wanted.parameters = R"({"tenant":"b"})";
    return wanted;
  }());
  CHECK(early.fair_key.empty());  // no node has told of the job yet
  const auto node = join_with({job, "{}", "tenant", 0});
  const auto submitted = [&](const std::string& tenant, int n) {
    auto wanted = launch(tenant + std::to_string(n));
    wanted.parameters = R"({"n":)" + std::to_string(n) + R"(,"tenant":")" + tenant + R"("})";
    return db->submit(wanted);
  };
  const auto a1 = submitted("a", 1), a2 = submitted("a", 2), a3 = submitted("a", 3);
  const auto c1 = submitted("c", 1);
  CHECK(a1.fair_key == "a");
  CHECK(masterless(node) == std::vector{early.id, a1.id, c1.id, a2.id, a3.id});
  CHECK(db->adopt_run(early.id, node, term{0}));
  CHECK(run(early.id).fair_key == "b");
}

TEST_CASE_METHOD(sharing_cluster, "runs of one fair key are told as a group, with all it holds") {
  const auto node = join_with({job, "{}", "tenant", 0}, {}, 4);
  const auto a1 = drive_with(node, R"({"n":1,"tenant":"a"})");
  const auto a2 = drive_with(node, R"({"n":2,"tenant":"a"})");
  const auto b = drive_with(node, R"({"n":1,"tenant":"b"})");
  const auto none = drive_with(node, R"({"n":3})");
  const auto work1 = split(a1, 10), work2 = split(a2, 10), work3 = split(b, 10),
             work4 = split(none, 10);
  take(node, work1, 3);
  take(node, work2, 2);
  take(node, work3, 1);
  const auto view = db->look(node);
  CHECK(seen(view, work1)->group == a1.run);
  CHECK(seen(view, work1)->group_held == 5);
  CHECK(seen(view, work1)->slots_held == 3);
  CHECK(seen(view, work2)->group == a1.run);
  CHECK(seen(view, work2)->group_held == 5);
  CHECK(seen(view, work3)->group == b.run);
  CHECK(seen(view, work3)->group_held == 1);
  CHECK_FALSE(seen(view, work4)->group);
}

TEST_CASE_METHOD(sharing_cluster, "a run is ahead when nobody drives one like it of its priority") {
  const auto node = join_with({job, "{}", "tenant", 0});
  const auto driven = drive_with(node, R"({"n":1,"tenant":"a"})");
  const auto submitted = [&](const std::string& tenant) {
    auto wanted = launch(tenant + " again");
    wanted.parameters = R"({"n":2,"tenant":")" + tenant + R"("})";
    return db->submit(wanted).id;
  };
  const auto a = submitted("a"), b = submitted("b");
  const auto ahead = [&](run_id run) {
    for (const auto& r : db->look(node).masterless)
      if (r.id == run) return r.ahead;
    throw std::logic_error("it does not wait for a master");
  };
  CHECK_FALSE(ahead(a));
  CHECK(ahead(b));
  db->set_priority(a, 1);
  CHECK(ahead(a));
  db->set_priority(driven.run, 1);
  CHECK_FALSE(ahead(a));
  db->step_down(driven.run, node, driven.term);
  CHECK(ahead(a));
  CHECK(ahead(driven.run));
}
