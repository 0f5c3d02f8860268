"""Programs that print JSON lines, and what a signal to us means for them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text):
    print(text, file=sys.stderr, flush=True)


def environment():
    """Without what libpq, psql and Partita would take from it: flags alone say what is measured."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PARTITA_"))}


def end_on_signals():
    """A signal ends this process by way of its `finally` blocks, with the exit code of shells."""
    def end(number, _):
        for each in ENDING:  # the blocks are not interrupted in turn
            signal.signal(each, signal.SIG_IGN)
        say("interrupted")
        sys.exit(128 + number)
    for each in ENDING:
        signal.signal(each, end)


def signal_group(process, number):
    """Whether any of the group is there. REQUIRES: `process` leads its group."""
    try:
        os.killpg(process.pid, number)
        return True
    except ProcessLookupError:
        return False


def end_group(process, patience_s=5):
    """`process` and all it started. It is asked first: ninja gives each compiler a group of its own
    and ends them when it is asked to end, which it cannot when it is killed."""
    signal_group(process, signal.SIGTERM)
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        process.poll()  # a leader that has ended, but was not waited for, is still there
        if not signal_group(process, 0):
            return
        time.sleep(0.05)
    signal_group(process, signal.SIGKILL)


def run(command, each_line, limit_s=None, **options):
    """The exit code of a program whose lines of stdout go to each_line(text). It is ended, with all
    it started, when this is interrupted or after limit_s."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          env=environment(), start_new_session=True, **options) as process:
        late = threading.Timer(limit_s or threading.TIMEOUT_MAX, end_group, (process,))
        late.daemon = True
        late.start()
        try:
            for text in process.stdout:
                each_line(text)
        except BaseException:
            end_group(process)
            raise
        finally:
            late.cancel()
    return process.returncode


def json_lines(command, limit_s, **options):
    """(exit code, the JSON lines) of a program."""
    lines = []
    return run(command, lambda text: lines.append(json.loads(text)), limit_s, **options), lines


def output_of(*words, **options):
    """What a program says, or "" when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, **options)
    return done.stdout.strip() if done.returncode == 0 else ""
