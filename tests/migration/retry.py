"""Chunks of a migration that fail, and are tried again when their cause is mended."""

from judge import chunks_of, stamps, wrong_chunks, wrong_names
from records import break_one_of, make_views, mend

# The planner looks at the ends of an index, too.
SLACK = 10  # rows for each chunk

ROWS_READ = ("select coalesce(idx_tup_fetch, 0) + seq_tup_read from pg_stat_user_tables"
             " where relname = 'record'")


def spread(chunks, count):
    """Numbers of so many chunks, the first and the last of them, too."""
    count = min(count, chunks)
    return sorted({i * (chunks - 1) // max(1, count - 1) for i in range(count)})


def chunks_in(names):
    """Numbers of the chunks whose files, staged ones too, have these names."""
    return {int(name.lstrip(".").split("_")[0]) for name in names}


def play_retry(cluster, checks, records):
    """All records, whosever they are, as one migration that lets no record go (max_errors=0). In
    some chunks one record is broken. Returns the figures."""
    size, numbers = cluster.args.chunk_size, range(records)
    chunks = chunks_of(numbers, size)
    failing = spread(chunks, cluster.args.failing)
    folder = cluster.folder + "/out/all"
    make_views(cluster.server, 0)
    break_one_of(cluster.server, failing, size)

    run = cluster.submit("all", "record", max_errors=0)
    row = cluster.wait_ended(run)
    done = cluster.chunks_done(run)
    checks.that(f"{len(failing)} of {chunks:,} chunks fail, and no others", row["state"] == "FAILED"
                and done == set(range(chunks)) - set(failing), f"{row}, {len(done)} done")
    before = stamps(folder)
    checks.that("the others have their files, those that failed have none",
                chunks_in(before) == done)

    mend(cluster.server)
    cluster.drain_nodes()
    read_before = int(cluster.server.one(ROWS_READ))
    cluster.add_nodes(3)
    again = cluster.restart(run)
    row = cluster.wait_ended(again)
    result = row["result"] or {}
    checks.that(f"mended and restarted it is COMPLETED, with all {records:,} records mapped",
                row["state"] == "COMPLETED" and
                (result.get("total"), result.get("mapped"), result.get("errors"))
                == (records, records, 0), str(row))
    started = cluster.chunks_started(again)
    checks.that(f"only the {len(failing)} chunks that had failed are executed again",
                started == set(failing), f"{len(started)}: {sorted(started)[:10]}")
    cluster.drain_nodes()
    rows_read = int(cluster.server.one(ROWS_READ)) - read_before
    most = len(failing) * (size + SLACK)
    checks.that(f"only their records are read again: {rows_read:,} rows of {records:,}",
                0 < rows_read <= most, f"more than {most:,}")
    after = stamps(folder)
    written = sorted(name for name in after if after[name] != before.get(name))
    checks.that(f"only their files are written again: {len(written)} of {len(after):,}",
                chunks_in(written) == set(failing), str(written[:5]))
    checks.none_of("each chunk has its three files, and nothing else is there",
                   wrong_names(folder, chunks))
    checks.none_of("every record is mapped exactly once",
                   wrong_chunks(folder, numbers, size, lambda n: False))
    return {"chunks": chunks, "chunks_failed": len(failing), "chunks_repeated": len(started),
            "rows_read_again": rows_read, "files_written_again": len(written),
            "retry_s": round(row["seconds"], 2)}
