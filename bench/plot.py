"""Pictures of the JSON lines: SVG files by matplotlib. The same lines give the same files."""

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from peers import PEERS
from results import rate, where

# Colours that people who see few colours tell apart (Okabe and Ito); curves differ in marker too.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C8C8C"
STYLES = ((ORANGE, "o"), (BLUE, "s"), (GREEN, "^"), (PURPLE, "D"))
WIDTH = 7.2  # inches; a README shows them this wide

matplotlib.rcParams.update({
    "svg.hashsalt": "partita", "svg.fonttype": "path", "font.family": "DejaVu Sans",
    "font.size": 10, "axes.titlesize": 12, "axes.titleweight": "bold", "axes.titlepad": 12,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": True, "grid.color": "#DDDDDD", "lines.linewidth": 1.8, "lines.markersize": 5.5,
    "legend.frameon": False, "figure.facecolor": "white", "figure.constrained_layout.use": True})


def amount(value, _=None):
    """As a tick shows it."""
    for unit, text in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:g}{text}"
    return f"{value:g}"


def axes_of(title, height=3.6, rows=1):
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    axes[0].set_title(title, loc="left")
    return figure, axes


def log_scale(axis, scale, ticks):
    """Logarithmic, with a tick at each of these and nowhere else."""
    scale("log")
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(amount))


def curves(axes, series):
    """{name: [(x, y)]}"""
    for (name, points), (color, marker) in zip(series.items(), STYLES):
        axes.plot(*zip(*sorted(points)), color=color, marker=marker, label=name)


def from_zero(axes):
    """The vertical axis, with some room above."""
    axes.set_ylim(0, 1.08 * axes.dataLim.y1)


def several(lines, bench, series, **wanted):
    """{name: [(x, y)]} from series(line) -> (name, x, y), of the lines that fit."""
    found = {}
    for line in where(lines, bench, **wanted):
        for name, x, y in series(line):
            found.setdefault(name, []).append((x, y))
    return found


# --- the pictures --------------------------------------------------------------------------------

NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def throughput_bars(lines):
    """(name, rate, color), from the fastest of each kind."""
    for width in (5000, 2000, 500):
        bare = rate(lines, "bare_sql", technique="range", width=width)
        yield f"bare SQL, range leases of {width:,}", bare, GREY
    yield "bare SQL, row by row", rate(lines, "bare_sql", technique="per_row"), GREY
    for database, name in NAMES.items():
        best = rate(lines, "claim_throughput", database=database, body_us=0, streamed=False)
        yield f"Partita, {name}", best, ORANGE
    for peer in PEERS:
        version = next((" " + x["version"] for x in where(lines, "peer", peer=peer)
                        if "version" in x), "")
        yield peer + version, rate(lines, "peer", peer=peer), BLUE


def throughput(lines):
    bars = [bar for bar in throughput_bars(lines) if bar[1]]
    if not bars:
        return None
    names, rates, colors = zip(*reversed(bars))
    title = "No-op partitions and jobs, the best rate of each"
    figure, (axes,) = axes_of(title, 0.9 + 0.32 * len(bars))
    drawn = axes.barh(names, rates, color=colors, height=0.7)
    axes.bar_label(drawn, labels=[f"{r:,.0f}" for r in rates], padding=4)
    axes.set_xlim(0, 1.15 * max(rates))
    axes.xaxis.set_major_formatter(FuncFormatter(amount))
    axes.set_xlabel("partitions or jobs a second")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    return title, figure


def size(lines):
    def series(x):
        yield (NAMES[x["database"]] + (", streamed" if x["streamed"] else ""), x["partitions"],
               x["partitions_per_s"])
    found = several(lines, "claim_throughput", series, executors=2, nodes=1, body_us=0,
                    max_lease_width=5000)
    if not found:
        return None
    title = "No-op partitions a second, by the size of the run"
    figure, (axes,) = axes_of(title)
    curves(axes, found)
    log_scale(axes.xaxis, axes.set_xscale, sorted({x for p in found.values() for x, _ in p}))
    from_zero(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(amount))
    axes.set_xlabel("partitions of the run")
    axes.set_ylabel("partitions a second")
    axes.legend(loc="lower right")
    return title, figure


def cluster(lines):
    found = several(lines, "cluster_scale",
                    lambda x: [(x["phase"], x["nodes"], x["statements_per_s"])], body_ms=1000)
    if not found:
        return None
    title = "What nodes ask of the database"
    figure, (axes,) = axes_of(title)
    names = {"busy": "busy, partitions of 1 s", "bare heartbeats": "one bare UPDATE a second each",
             "idle": "idle"}
    curves(axes, {names[phase]: found[phase] for phase in names if phase in found})
    log_scale(axes.xaxis, axes.set_xscale, sorted({x for p in found.values() for x, _ in p}))
    log_scale(axes.yaxis, axes.set_yscale, (1, 10, 100, 1000))
    axes.set_xlabel("nodes")
    axes.set_ylabel("statements a second")
    axes.legend(loc="upper left")
    return title, figure


def claims(lines):
    def series(x):
        for share in ("p99", "p50") if x["claim_ms"] else ():
            yield share, x["nodes"], x["claim_ms"][share]
    found = several(lines, "cluster_scale", series, body_ms=1000, phase="busy")
    if not found:
        return None
    title = "Time of a claim, by the number of busy nodes"
    figure, (axes,) = axes_of(title)
    curves(axes, found)
    log_scale(axes.xaxis, axes.set_xscale, sorted({x for p in found.values() for x, _ in p}))
    from_zero(axes)
    axes.set_xlabel("nodes, partitions of 1 s")
    axes.set_ylabel("ms")
    axes.legend(loc="upper left")
    return title, figure


def endurance(lines):
    minutes = [x for x in where(lines, "endurance") if "minute" in x]
    if not minutes:
        return None
    title = "Minute by minute, while a transaction is held open"
    figure, (rates, times) = axes_of(title, 4.6, rows=2)
    at = [x["minute"] for x in minutes]
    rates.plot(at, [x["partitions_per_s"] for x in minutes], color=ORANGE, marker="o")
    rates.set_ylabel("partitions a second")
    rates.yaxis.set_major_formatter(FuncFormatter(amount))
    curves(times, {share: [(x["minute"], x["claim_ms"][share]) for x in minutes]
                   for share in ("p99", "p50")})
    times.set_ylabel("time of a claim, ms")
    times.set_xlabel("minute")
    times.legend(loc="center right")
    for axes in (rates, times):
        from_zero(axes)
    return title, figure


def write(lines, folder):
    """Writes what there are lines for, and returns (title, file name) of each."""
    written = []
    for draw in (throughput, size, cluster, claims, endurance):
        if drawn := draw(lines):
            title, figure = drawn
            name = draw.__name__ + ".svg"
            figure.savefig(f"{folder}/{name}", metadata={"Date": None, "Title": title})
            written.append((title, name))
    return written
