// No-op jobs a second of River, with the settings of its own benchmark (`river bench`): jobs are
// inserted with COPY, fetched by up to 2000 workers of a client at a time, and completed in batches
// by the client. Counts from the start of the first job to the last completion that is committed;
// inserting is not measured.
//
//	river URL JOBS [CLIENTS]
//
// Clients are told apart by the database like those of different processes; they live in one
// process, whose threads use all cores. Prints one JSON line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	insertBatch = 10_000
	limit       = 10 * time.Minute
)

type noOp struct {
	ID int `json:"id"`
}

func (noOp) Kind() string { return "no_op" }

// worker remembers when the first job of all started.
type worker struct {
	river.WorkerDefaults[noOp]
	once  sync.Once
	first time.Time
}

func (w *worker) Work(context.Context, *river.Job[noOp]) error {
	w.once.Do(func() { w.first = time.Now() })
	return nil
}

type client = river.Client[pgx.Tx]

func newClient(pool *pgxpool.Pool, w *worker) (*client, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	errors := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown:     2 * time.Millisecond,
		FetchPollInterval: 20 * time.Millisecond,
		Logger:            slog.New(errors),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}},
		Workers:           workers,
	})
}

// prepare migrates and inserts the jobs.
func prepare(ctx context.Context, pool *pgxpool.Pool, jobs int) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	if _, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	inserter, err := newClient(pool, &worker{})
	if err != nil {
		return err
	}
	for at := 0; at < jobs; at += insertBatch {
		some := make([]river.InsertManyParams, min(insertBatch, jobs-at))
		for i := range some {
			some[i].Args = noOp{ID: at + i}
		}
		if _, err = inserter.InsertManyFast(ctx, some); err != nil {
			return err
		}
	}
	_, err = pool.Exec(ctx, "VACUUM ANALYZE river_job")
	return err
}

// completed tells each completion of these clients once it is committed.
func completed(clients []*client, jobs int) <-chan struct{} {
	all := make(chan struct{}, jobs)
	for _, c := range clients {
		events, _ := c.SubscribeConfig(&river.SubscribeConfig{
			ChanSize: jobs, // events that find no room would be dropped
			Kinds:    []river.EventKind{river.EventKindJobCompleted},
		})
		go func() {
			for range events {
				all <- struct{}{}
			}
		}()
	}
	return all
}

// work runs all jobs and returns the seconds from the first start to the last completion. Each client
// has a pool of connections of its own.
func work(ctx context.Context, url string, jobs, count int) (float64, error) {
	w := &worker{}
	clients := make([]*client, count)
	for i := range clients {
		pool, err := pgxpool.New(ctx, url)
		if err != nil {
			return 0, err
		}
		defer pool.Close()
		if clients[i], err = newClient(pool, w); err != nil {
			return 0, err
		}
	}
	events := completed(clients, jobs)
	for _, c := range clients {
		if err := c.Start(ctx); err != nil {
			return 0, err
		}
	}
	for done := 0; done < jobs; done++ {
		select {
		case <-events:
		case <-ctx.Done():
			return 0, fmt.Errorf("%d of %d jobs were done: %w", done, jobs, ctx.Err())
		}
	}
	took := time.Since(w.first).Seconds()
	for _, c := range clients {
		if err := c.Stop(ctx); err != nil {
			return 0, err
		}
	}
	return took, nil
}

func number(ctx context.Context, pool *pgxpool.Pool, sql string) (n float64, err error) {
	err = pool.QueryRow(ctx, sql).Scan(&n)
	return n, err
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/riverqueue/river" {
				return module.Version[1:]
			}
		}
	}
	return "unknown"
}

func measure(ctx context.Context, url string, jobs, count int) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err = prepare(ctx, pool, jobs); err != nil {
		return err
	}
	const wal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8"
	before, err := number(ctx, pool, wal)
	if err != nil {
		return err
	}
	took, err := work(ctx, url, jobs, count)
	if err != nil {
		return err
	}
	after, err := number(ctx, pool, wal)
	if err != nil {
		return err
	}
	done, err := number(ctx, pool, "SELECT count(*)::float8 FROM river_job WHERE state = 'completed'")
	if err != nil {
		return err
	}
	if int(done) != jobs {
		return fmt.Errorf("%d of %d jobs are completed", int(done), jobs)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"bench": "peer", "peer": "river", "version": version(), "runtime": runtime.Version(),
		"processes": 1, "clients": count, "partitions": jobs,
		"execute_s":               math.Round(took*1e4) / 1e4,
		"partitions_per_s":        math.Round(float64(jobs) / took),
		"wal_bytes_per_partition": math.Round((after - before) / float64(jobs)),
	})
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: river URL JOBS [CLIENTS]")
		os.Exit(2)
	}
	jobs, err := strconv.Atoi(os.Args[2])
	count := 1
	if err == nil && len(os.Args) > 3 {
		count, err = strconv.Atoi(os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := measure(ctx, os.Args[1], jobs, count); err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}
