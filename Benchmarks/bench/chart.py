"""The headline of a run as an SVG: throughput and median with the backing a millisecond away."""

from xml.sax.saxutils import escape

from .results import measured

WIDTH, LEFT, RIGHT, BAR, GAP = 720, 120, 90, 26, 10
INK, PALE, OURS = "#24292f", "#b6bec8", "#0969da"


def svg(run):
    """None where the run has not measured it."""
    row = measured(run, 10)
    if row is None:
        return None
    panels = [("Requests a second (more is better)", "per_second", "{:,.0f}"),
              ("Median, ms (less is better)", "p50_milliseconds", "{:.2f}")]
    parts, top = [], 64
    for title, figure, form in panels:
        drawn, top = panel(title, {name: figures[figure] for name, figures in row["figures"].items()}, form, top)
        parts += drawn
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" '
        'font-family="system-ui, sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
        text(16, 26, "Redis 1 ms away: 64 clients, 95 % reads, Zipf 0.99 over 100,000 keys", 16, bold=True),
        text(16, 46, f"redis-proxy keeps 10,000 of them. {run['machine']}, {run['started'][:10]}", 12)]
    return "\n".join([*head, *parts, "</svg>", ""])


def panel(title, values, form, top):
    parts = [text(16, top + 16, title, bold=True)]
    top += 28
    most = max(values.values())
    for name, value in values.items():
        length = max(1, (WIDTH - LEFT - RIGHT) * value / most)
        middle = top + BAR / 2 + 5
        parts += [
            text(LEFT - 8, middle, name, anchor="end"),
            f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
            f'fill="{OURS if name == "redis-proxy" else PALE}"/>',
            text(LEFT + length + 6, middle, form.format(value))]
        top += BAR + GAP
    return parts, top + 10


def text(x, y, content, size=14, bold=False, anchor="start"):
    weight = ' font-weight="600"' if bold else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{weight} text-anchor="{anchor}" fill="{INK}">'
            f"{escape(content)}</text>")
