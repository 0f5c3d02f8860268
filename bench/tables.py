"""Tables in Markdown, which read as text too."""


def table(headings, rows):
    rows = [headings, *rows]
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(headings))]

    def line(cells):
        return "| " + " | ".join(str(c).ljust(w) for c, w in zip(cells, widths)) + " |"

    return "\n".join([line(headings), "|" + "|".join("-" * (w + 2) for w in widths) + "|",
                      *map(line, rows[1:])])


def figure(value):
    """As a cell shows it."""
    if value is None:
        return ""
    if not isinstance(value, (int, float)):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
