#!/usr/bin/env python3
"""What limits cost a step that has some: partitions a second under limits that never hold it back,
and without, in turns, as a ratio.

  bench/limits.py
  bench/limits.py --rounds 5 -- --nodes 4 --max-lease-width 100
"""

import argparse
import sys

sys.dont_write_bytecode = True

from child import end_on_signals  # noqa: E402
from pairs import add_options, ratios_of, tell  # noqa: E402


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    add_options(asked)
    args = asked.parse_args()
    end_on_signals()
    rate, cost = ratios_of(args, [], ["--limited"], "limits")
    tell("limits", args, rate, cost)


if __name__ == "__main__":
    main()
