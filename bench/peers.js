// No-op jobs a second of other queues on the same PostgreSQL, each tuned as its authors tune it for
// their own benchmarks. Inserting the jobs is not measured.
//
//   node bench/peers.js graphile-worker|pg-boss URL JOBS [PROCESSES]
//
// Run it where `npm install graphile-worker pg-boss pg` was run. Prints one JSON line.

const { createRequire } = require("module");
const { fork } = require("child_process");
const installed = createRequire(process.cwd() + "/");

const [peer, url, jobs, processes] = process.argv.slice(2);
const queue = "no_op";

// The preset of graphile-worker's own benchmark (perfTest): completed jobs are told in batches, and
// jobs are fetched 500 at a time into a queue of each process.
const graphile = {
  prepare: async (client) => {
    const { runMigrations } = installed("graphile-worker");
    await runMigrations({ connectionString: url });
    for (let at = 0; at < jobs; at += 1000)
      await client.query(
        `select graphile_worker.add_jobs(array(
           select row($1, json_build_object('id', i), null, null, null, null, null, null)
                  ::graphile_worker.job_spec from generate_series($2::int, $3::int) i))`,
        [queue, at + 1, Math.min(at + 1000, jobs)],
      );
    await client.query("vacuum analyze graphile_worker._private_jobs");
  },
  left: "select count(*)::int as n from graphile_worker._private_jobs",
  work: async () => {
    const { runOnce, Logger } = installed("graphile-worker");
    await runOnce({
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: 24,
          maxPoolSize: 25,
          localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger: new Logger(() => () => {}),
        },
      },
      taskList: { [queue]: () => {} },
    });
  },
};

// pg-boss has no preset. A thousand jobs a fetch, completed in one statement, and four loops in
// each process, so that fetching and completing overlap.
const batch = 1000;
const loops = 4;
const open = async () => {
  const PgBoss = installed("pg-boss");
  const boss = new (PgBoss.PgBoss ?? PgBoss.default ?? PgBoss)({
    connectionString: url,
    max: loops,
    supervise: false,
    schedule: false,
    migrate: true,
  });
  boss.on("error", (e) => console.error(e.message));
  await boss.start();
  return boss;
};
const pg_boss = {
  prepare: async (client) => {
    const boss = await open();
    await boss.createQueue(queue);
    const version = installed("pg-boss/package.json").version;
    const older = Number(version.split(".")[0]) < 11;
    for (let at = 0; at < jobs; at += 10000) {
      const some = Array.from({ length: Math.min(10000, jobs - at) }, (_, i) => ({
        name: queue,
        data: { id: at + i },
      }));
      await (older ? boss.insert(some) : boss.insert(queue, some));
    }
    await boss.stop({ graceful: false });
    await client.query("vacuum analyze");
  },
  left: "select count(*)::int as n from pgboss.job where state <> 'completed' and name = 'no_op'",
  work: async () => {
    const boss = await open();
    const loop = async () => {
      for (;;) {
        const fetched = await boss.fetch(queue, { batchSize: batch });
        if (!fetched || fetched.length === 0) return;
        await boss.complete(queue, fetched.map((job) => job.id));
      }
    };
    await Promise.all(Array.from({ length: loops }, loop));
    await boss.stop({ graceful: false });
  },
};

const what = { "graphile-worker": graphile, "pg-boss": pg_boss }[peer];

// Ready, then all at once, until the last has found nothing more.
const measured = async (count) => {
  const workers = Array.from({ length: count }, () =>
    fork(__filename, process.argv.slice(2), { env: { ...process.env, PEER_WORKER: "1" } }),
  );
  await Promise.all(workers.map((w) => new Promise((ready) => w.once("message", ready))));
  const ended = workers.map((w) => new Promise((over) => w.once("exit", over)));
  const begun = process.hrtime.bigint();
  for (const w of workers) w.send("go");
  const codes = await Promise.all(ended);
  if (codes.some((code) => code !== 0)) throw new Error("a worker failed");
  return Number(process.hrtime.bigint() - begun) / 1e9;
};

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
      version: installed(`${peer}/package.json`).version,
      processes: count,
      partitions: Number(jobs),
      execute_s: took,
      partitions_per_s: Math.round(jobs / took),
      wal_bytes_per_partition: Math.round(wal_bytes / jobs),
    }),
  );
};

if (process.env.PEER_WORKER) {
  installed(peer);
  process.once("message", () =>
    what.work().then(
      () => process.exit(0),
      (e) => {
        console.error(e);
        process.exit(1);
      },
    ),
  );
  process.send("ready");
} else {
  main().catch((e) => {
    console.error(e);
    process.exit(1);
  });
}
