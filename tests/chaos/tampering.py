"""Tries the judge: spoils what it judges in one way after the other, and expects it to notice."""

import os


def sql(server, do, undo):
    """The triggers that guard the tables are for those who play by the rules."""
    unguarded = "set session_replication_role = replica; "
    return lambda: server.text(unguarded + do), lambda: server.text(unguarded + undo)


def replaced(path, old, new):
    def swap(a, b):
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace(a, b, 1))

    return lambda: swap(old, new), lambda: swap(new, old)


def appended(path, line):
    def shorten():
        with open(path, "rb+") as f:
            f.truncate(size)

    def lengthen():
        with open(path, "a") as f:
            f.write(line)

    size = os.path.getsize(path) if os.path.exists(path) else 0
    return lengthen, shorten


def ways(server, folder, runs):
    """(what is spoiled, spoil, restore)"""
    many = next(run for run in runs if run.job == "chaos_many")
    once = next(run for run in runs if run.job == "chaos_once")
    ledger = next(run for run in runs if run.job == "chaos_ledger")
    entry = f"ledger where salt = {ledger.salt} and no = 1 and item = 2"
    first = f"(select step_id from partita.step where run_id = {many.id})"
    row = f"partita.result where step_id = {first} and no = 1"

    def change(what):
        return f"update partita.result set {what} where step_id = {first} and no = 1"

    file = f"{many.folder}/many-1.txt"
    return [
        ("an item is in a file twice", *replaced(file, "item 1 2\n", "item 1 2\nitem 1 2\n")),
        ("a file was written by a lease that lost", *replaced(file, "lease ", "lease 9")),
        ("a file too many", lambda: open(many.folder + "/x", "w").close(),
         lambda: os.unlink(many.folder + "/x")),
        ("a partition that may be started once began twice",
         *appended(folder + "/journal/0.log", "".join(
             f"S 1 {once.id} once 0 {attempt} 0\n" for attempt in (1, 2)))),
        ("a row of the author's is there twice", *sql(
            server, f"insert into ledger select * from {entry}",
            f"delete from ledger where ctid = (select max(ctid) from {entry})")),
        ("a row of the author's is lost", *sql(
            server, f"delete from {entry}", f"insert into ledger values ({ledger.salt}, 1, 2)")),
        ("a result is lost", *sql(
            server, f"create table kept as select * from {row}; delete from {row}",
            "insert into partita.result select * from kept; drop table kept")),
        ("a result changed its lease after it was seen", *sql(
            server, change("lease_id = lease_id + 1"), change("lease_id = lease_id - 1"))),
        ("an output is not what it must be", *sql(
            server, change("output = replace(output, 'chain', 'chaim')"),
            change("output = replace(output, 'chaim', 'chain')"))),
        ("items are counted twice", *sql(
            server, change("read_count = read_count * 2"),
            change("read_count = read_count / 2"))),
        ("an aggregate is wrong", *sql(
            server, f"update partita.run set result = replace(result, ':', ':9') where run_id ="
            f" {many.id}",
            f"update partita.run set result = replace(result, ':9', ':') where run_id ="
            f" {many.id}")),
        ("a run that had ended is FAILED", *sql(
            server, f"update partita.run set state = 'FAILED' where run_id = {many.id}",
            f"update partita.run set state = 'COMPLETED' where run_id = {many.id}")),
        ("a run ended twice", *sql(
            server, f"insert into partita.event (kind, run_id) values ('RUN_ENDED', {many.id})",
            "delete from partita.event where event_id = (select max(event_id) from"
            " partita.event where kind = 'RUN_ENDED')")),
        ("work is left of a run that has ended", *sql(
            server, f"insert into partita.ready (step_id, lo, hi, attempt) values ({first}, 0, 0,"
            " 0)", f"delete from partita.ready where step_id = {first}")),
    ]


def try_judge(judge, server, folder, runs):
    """`judge()` returns what is wrong. Returns what it did not notice, and how much was tried."""
    overlooked = []
    spoiled = ways(server, folder, runs)
    for what, spoil, restore in spoiled:
        spoil()
        if not judge():
            overlooked.append(what)
        restore()
    if judge():
        overlooked.append("(what was spoiled is not restored)")
    return overlooked, len(spoiled)
