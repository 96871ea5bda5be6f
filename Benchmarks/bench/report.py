"""A run as Markdown: first what was asked and what came out, then the figures."""

VERDICTS = "| target | | | ours | other | measured | asked | verdict |\n| --- | --- | --- | ---: | ---: | ---: | ---: | --- |"
FIGURES = ("| target | | server | requests/s | MB/s | median, ms | p99, ms | CPU, µs | Redis' CPU, µs |\n"
           "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")


def markdown(run):
    """`run` is what the JSON of a run holds."""
    parts = [f"Run {run['id']} on {run['machine']}{', a quick one: one short round' if run['quick'] else ''}. {run['load']} "
             "Only figures of one run can be compared.", "", VERDICTS]
    parts += [line for row in run["rows"] for line in verdict_lines(row)]
    parts += ["", FIGURES]
    parts += [line for row in run["rows"] for line in figure_lines(row)]
    parts += ["", "Measured with " + ", ".join(run["versions"]) + ".", ""]
    return "\n".join(parts)


def verdict_lines(row):
    lines = []
    for check in row["checks"]:
        verdict = check["verdict"].replace("not met", "**not met**")
        asked = "" if check["asked"] is None else f"{'≥' if check['at_least'] else '≤'} {short(check['asked'])}"
        lines.append(
            f"| {row['target']} | {row['name']} | {check['what']} | {short(check['ours'])} | {short(check['theirs'])} "
            f"| {short(check['measured'])} | {asked} | {verdict} |")
    if row["note"]:
        lines.append(f"| {row['target']} | {row['name']} | {row['note']} | | | | | |")
    return lines


def figure_lines(row):
    return [
        f"| {row['target']} | {row['name']} | {server} | " + " | ".join(
            cell(figures.get(name), digits) for name, digits in (
                ("per_second", 0), ("megabytes_per_second", 0), ("p50_milliseconds", 2), ("p99_milliseconds", 2),
                ("cpu_microseconds", 2), ("backing_cpu_microseconds", 2))) + " |"
        for server, figures in row["figures"].items()]


def cell(figure, digits):
    return "" if figure is None else f"{figure:,.{digits}f}"


def short(figure):
    """Three digits or so, whatever the size."""
    if figure is None:
        return ""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 20 else f"{figure:.2f}"


def summary(run):
    """One line for each target: how many of its checks were met."""
    lines = []
    for target in sorted({row["target"] for row in run["rows"]}):
        checks = [check["met"] for row in run["rows"] if row["target"] == target for check in row["checks"]]
        asked = [met for met in checks if met is not None]
        lines.append(f"target {target:2}: " + (f"{sum(asked)} of {len(asked)} met" if asked else "reported only"
                                                if checks else "not measured"))
    return "\n".join(lines)
