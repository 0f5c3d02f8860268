// No-op jobs a second of graphile-worker and pg-boss, each used as its documentation recommends for
// throughput: jobs are inserted in bulk, fetched in batches and completed in batches. Counts from
// the start of the first job to the last completion; inserting is not measured.
//
//   node bench/peers.js graphile-worker|pg-boss URL JOBS [PROCESSES]
//
// Run it in a folder where bench/peers/package.json was installed. Prints one JSON line.

const { createRequire } = require("module");
const { fork } = require("child_process");
const { readFileSync } = require("fs");
const folder = process.cwd();
const installed = createRequire(folder + "/");

const [peer, url, jobs, processes] = process.argv.slice(2);
const queue = "no_op";
const now = () => Number(process.hrtime.bigint()) / 1e9; // one clock for all processes

// The preset of graphile-worker's own benchmark and of its page on performance: a process fetches
// 500 jobs at a time, and completions are sent together.
const graphile = {
  prepare: async (client) => {
    const { runMigrations } = installed("graphile-worker");
    await runMigrations({ connectionString: url });
    await client.query(
      `select graphile_worker.add_jobs(array_agg(json_populate_record(
         null::graphile_worker.job_spec,
         json_build_object('identifier', $1::text, 'payload', json_build_object('id', i)))))
       from generate_series(1, $2::int) i group by i / 10000`,
      [queue, jobs],
    );
    await client.query("vacuum analyze graphile_worker._private_jobs");
  },
  left: "select count(*)::int as n from graphile_worker._private_jobs",
  work: async () => {
    const { runOnce, Logger } = installed("graphile-worker");
    const times = { first: Infinity, jobs: 0 };
    const preset = {
      worker: {
        connectionString: url,
        concurrentJobs: 24,
        maxPoolSize: 25,
        localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        logger: new Logger(() => () => {}),
      },
    };
    const task = () => {
      if (times.jobs === 0) times.first = now();
      times.jobs += 1;
    };
    await runOnce({ preset, taskList: { [queue]: task } }); // ends after the last completion
    return { ...times, last: now() };
  },
};

// pg-boss has no preset. Its way to many jobs is a large batchSize: 5000 was the fastest of those
// tried, and is as many as our widest lease. The queue has a table of its own, and each process has
// four loops, so that fetching and completing overlap.
const batchSize = 5000;
const loops = 4;
const open = async () => {
  const { PgBoss } = installed("pg-boss");
  const boss = new PgBoss({ connectionString: url, max: loops, supervise: false, schedule: false });
  boss.on("error", (e) => console.error(e.message));
  await boss.start();
  return boss;
};
const pg_boss = {
  prepare: async (client) => {
    const boss = await open();
    await boss.createQueue(queue, { partition: true });
    for (let at = 0; at < jobs; at += 10000) {
      const length = Math.min(10000, jobs - at);
      await boss.insert(queue, Array.from({ length }, (_, i) => ({ data: { id: at + i } })));
    }
    await boss.stop({ graceful: false });
    await client.query("vacuum analyze");
  },
  left: `select count(*)::int as n from pgboss.job
         where state <> 'completed' and name = '${queue}'`,
  work: async () => {
    const boss = await open();
    const times = { first: Infinity, last: 0, jobs: 0 };
    const loop = async () => {
      for (;;) {
        const fetched = await boss.fetch(queue, { batchSize });
        if (fetched.length === 0) return;
        times.first = Math.min(times.first, now());
        await boss.complete(queue, fetched.map((job) => job.id));
        times.last = now();
        times.jobs += fetched.length;
      }
    };
    await Promise.all(Array.from({ length: loops }, loop));
    await boss.stop({ graceful: false });
    return times;
  },
};

const what = { "graphile-worker": graphile, "pg-boss": pg_boss }[peer];

// The times of one process: it tells that it is ready, is told to go, and tells what it saw.
const run_worker = (worker, ready) =>
  new Promise((resolve, reject) => {
    let times;
    worker.on("message", (message) => {
      if (message === "ready") ready();
      else times = message;
    });
    worker.once("exit", (code) =>
      code === 0 ? resolve(times) : reject(new Error(`a process ended with ${code}`)),
    );
  });

// All processes start at the same moment. Seconds from the first job to the last completion.
const measured = async (count) => {
  let waiting = count;
  const workers = Array.from({ length: count }, () =>
    fork(__filename, process.argv.slice(2), { env: { ...process.env, PEER_WORKER: "1" } }),
  );
  const ready = () => {
    waiting -= 1;
    if (waiting === 0) for (const worker of workers) worker.send("go");
  };
  const all = await Promise.all(workers.map((worker) => run_worker(worker, ready)));
  const busy = all.filter((times) => times.jobs > 0);
  const done = busy.reduce((sum, times) => sum + times.jobs, 0);
  if (done !== Number(jobs)) throw new Error(`${done} of ${jobs} jobs were done`);
  return Math.max(...busy.map((t) => t.last)) - Math.min(...busy.map((t) => t.first));
};

const version_of = (name) =>
  JSON.parse(readFileSync(`${folder}/node_modules/${name}/package.json`, "utf8")).version;

const main = async () => {
  const { Client } = installed("pg");
  const client = new Client({ connectionString: url });
  await client.connect();
  await what.prepare(client);
  const wal = async () =>
    (await client.query("select (pg_current_wal_insert_lsn() - '0/0')::float8 as at")).rows[0].at;
  const wal_before = await wal();
  const count = Number(processes ?? 2);
  const took = await measured(count);
  const wal_bytes = (await wal()) - wal_before;
  const left = (await client.query(what.left)).rows[0].n;
  if (left !== 0) throw new Error(`${left} jobs are left`);
  await client.end();
  console.log(
    JSON.stringify({
      bench: "peer",
      peer,
      version: version_of(peer),
      runtime: `Node ${process.versions.node}`,
      processes: count,
      partitions: Number(jobs),
      execute_s: Number(took.toFixed(4)),
      partitions_per_s: Math.round(jobs / took),
      wal_bytes_per_partition: Math.round(wal_bytes / jobs),
    }),
  );
};

const failed = (e) => {
  console.error(e);
  process.exit(1);
};
if (process.env.PEER_WORKER) {
  installed(peer);
  const work = () => what.work().then((times) => process.send(times, () => process.exit(0)));
  process.once("message", () => work().catch(failed));
  process.send("ready");
} else {
  main().catch(failed);
}
