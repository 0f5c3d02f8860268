"""Checks that say what failed, and conditions that are waited for."""

import sys
import time


class Checks:
    """Counts checks. Each one that fails is printed, with what was found instead."""

    def __init__(self, about):
        self.about = about
        self.count = 0
        self.failed = 0

    def __call__(self, what, holds, found=""):
        self.count += 1
        if not holds:
            self.failed += 1
            if self.failed <= 60:
                print(f"FAILED: {self.about}: {what}", file=sys.stderr)
                if found != "":
                    print(f"  found: {str(found)[:4000]}", file=sys.stderr, flush=True)
        return bool(holds)

    def equal(self, what, found, expected):
        return self(what, found == expected, f"{found!r}, not {expected!r}")

    def within(self, seconds, what, condition):
        """Polls the condition of another process until it holds. Answers its last value."""
        until = time.monotonic() + seconds
        while True:
            value = condition()
            if value or time.monotonic() > until:
                self(f"{what}, within {seconds} s", value, "still not")
                return value
            time.sleep(0.05)


def say(text):
    print(text, flush=True)
