"""Plots as SVG, with nothing but text: bars, and curves over one axis."""

import math
import re

WIDTH, HEIGHT = 640, 320
COLORS = ("#2f6f9f", "#c65f28", "#4c8c4a", "#8a5a9e", "#777777")


def text(x, y, words, anchor="middle", size=12):
    words = str(words).replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


def picture(title, height, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" font-family="sans-serif">',
        f"<title>{title}</title>", f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        text(WIDTH / 2, 20, title, size=14), *parts, "</svg>", ""])


def title_of(svg):
    return re.search("<title>(.*)</title>", svg)[1]


def amount(value):
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    if value >= 1e4:
        return f"{value / 1e3:,.0f} k"
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def bars(title, rows):
    """[(name, value)], one under the other."""
    step, left, right = 26, 210, 70
    most = max(value for _, value in rows)
    parts = []
    for i, (name, value) in enumerate(rows):
        y = 36 + i * step
        length = (WIDTH - left - right) * value / most
        color = COLORS[1] if name.startswith("Partita") else COLORS[0]
        parts += [text(left - 8, y + 14, name, "end"),
                  f'<rect x="{left}" y="{y}" width="{length:.1f}" height="18" fill="{color}"/>',
                  text(left + length + 6, y + 14, f"{value:,.0f}", "start")]
    return picture(title, 46 + step * len(rows), parts)


def ticks(most):
    step = 10 ** math.floor(math.log10(most))
    step = next(s for s in (step / 5, step / 2, step, step * 2) if most / s <= 6)
    return [i * step for i in range(int(most / step) + 1)]


def curves(title, x_title, series, log_x=False):
    """{name: [(x, y)]}, y from zero."""
    left, right, top, bottom = 60, 20, 36, 50
    xs = sorted({x for points in series.values() for x, _ in points})
    most = 1.05 * max(y for points in series.values() for _, y in points) or 1
    scale = math.log10 if log_x else float
    low, high = scale(xs[0]), scale(xs[-1])

    def at(x, y):
        share = (scale(x) - low) / (high - low) if high > low else 0.5
        return (left + share * (WIDTH - left - right),
                HEIGHT - bottom - y / most * (HEIGHT - top - bottom))

    parts = []
    for y in ticks(most):
        _, py = at(xs[0], y)
        parts += [f'<path d="M{left} {py:.1f}H{WIDTH - right}" stroke="#ddd"/>',
                  text(left - 6, py + 4, amount(y), "end", 11)]
    last = -100
    for x in xs:
        px, _ = at(x, 0)
        if px - last > 34:
            parts.append(text(px, HEIGHT - bottom + 16, amount(x), size=11))
            last = px
    parts.append(text(WIDTH / 2, HEIGHT - bottom + 32, x_title))
    for i, (name, points) in enumerate(series.items()):
        color = COLORS[i % len(COLORS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*p) for p in sorted(points)))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'
                  for x, y in (at(*p) for p in points)]
        spot = left + 10 + i * 190
        parts += [f'<rect x="{spot}" y="{HEIGHT - 14}" width="10" height="10" fill="{color}"/>',
                  text(spot + 15, HEIGHT - 5, name, "start", 11)]
    return picture(title, HEIGHT, parts)
