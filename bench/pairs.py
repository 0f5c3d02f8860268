"""Two ways to run one benchmark of `partita bench claim_throughput`, in turns, as ratios."""

import json
import os
import resource

from child import json_lines, say
from databases import Databases
from ratios import summary

PARTITA = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/build/release/partita"


def add_options(asked):
    asked.add_argument("--binary", default=PARTITA)
    asked.add_argument("--rounds", type=int, default=15, help="pairs of measurements")
    asked.add_argument("--database", default="postgresql", choices=["postgresql", "sqlite"])
    asked.add_argument("options", nargs="*", help="of `partita bench claim_throughput`")


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratios_of(args, without, with_it, name):
    """What these options change, each as (geometric mean, lower end, upper end of the 95 %
    interval) of the value with them over that without: the rate, and the processor time a partition
    that the engine takes, without that of the database. Raises SystemExit when a run fails."""
    with Databases() as databases:
        def measure(more):
            begun = cpu_of_children()
            code, lines = json_lines(
                [args.binary, "bench", "claim_throughput", "-o", "json", "--db",
                 databases.new_url(args.database), *args.options, *more], 600)
            if code != 0 or not lines:
                raise SystemExit(f"the benchmark ended with {code}")
            last = lines[-1]
            return last["partitions_per_s"], (cpu_of_children() - begun) / last["partitions"]

        rates, costs = [], []
        for pair in range(args.rounds + 1):
            if pair % 2 == 1:  # who comes first has no advantage
                second, first = measure(with_it), measure(without)
            else:
                first, second = measure(without), measure(with_it)
            say(f"{first[0]:,} without, {second[0]:,} with {name}; "
                f"{1e6 * first[1]:.2f} and {1e6 * second[1]:.2f} us of processor time a partition")
            if pair > 0:  # the first one warms up
                rates.append(second[0] / first[0])
                costs.append(second[1] / first[1])
    return summary(rates), summary(costs)


def tell(bench, args, rate, cost, **more):
    """A JSON line on stdout, and a sentence on stderr."""
    fields = ("middle", "low", "high")  # the ends are those of the 95 % interval
    print(json.dumps({"bench": bench, "database": args.database, "pairs": args.rounds,
                      "options": " ".join(args.options),
                      "rate": dict(zip(fields, [round(x, 4) for x in rate])),
                      "processor_time": dict(zip(fields, [round(x, 4) for x in cost])), **more}),
          flush=True)
    text = "{:.4f} (95 %: {:.4f} to {:.4f})"
    say(f"with {bench}: {text.format(*rate)} of the rate without, and {text.format(*cost)} of the "
        f"processor time, {args.rounds} pairs")
