"""Two ways to run one benchmark of `partita bench claim_throughput`, in turns, as a ratio."""

from child import json_lines, say
from databases import Databases
from ratios import summary


def add_options(asked):
    asked.add_argument("partita")
    asked.add_argument("--rounds", type=int, default=15, help="pairs of measurements")
    asked.add_argument("--database", default="postgresql", choices=["postgresql", "sqlite"])
    asked.add_argument("options", nargs="*", help="of `partita bench claim_throughput`")


def ratio_of(args, without, with_it, name):
    """(geometric mean, lower end, upper end of the 95 % interval) of the rate with these options
    over that without. Raises SystemExit when a run fails."""
    with Databases() as databases:
        def rate(more):
            code, lines = json_lines(
                [args.partita, "bench", "claim_throughput", "-o", "json", "--db",
                 databases.new_url(args.database), *args.options, *more], 600)
            if code != 0 or not lines:
                raise SystemExit(f"the benchmark ended with {code}")
            return lines[-1]["partitions_per_s"]

        ratios = []
        for pair in range(args.rounds + 1):
            if pair % 2 == 1:  # who comes first has no advantage
                second, first = rate(with_it), rate(without)
            else:
                first, second = rate(without), rate(with_it)
            say(f"{first:,} without, {second:,} with {name}")
            if pair > 0:  # the first one warms up
                ratios.append(second / first)
    return summary(ratios)
