"""Puts a run into the documents: the table into docs/performance.md, the chart and one sentence into README.md."""

import argparse
import json
import pathlib
import re
import sys
import textwrap

from . import chart, report
from .results import measured

DOCUMENTS = pathlib.Path(__file__).parents[2]


def headline(run):
    """What a user feels, in one paragraph, or None where the run has not measured it."""
    row = measured(run, 10)
    if row is None:
        return None
    ours, straight = row["figures"]["redis-proxy"], row["figures"]["direct"]
    envoy, twemproxy = (speed(row["figures"][name]) for name in ("Envoy", "twemproxy"))
    paragraph = (
        "With Redis a millisecond away (there and back), 64 clients, 95 % reads and 10,000 of 100,000 keys cached, one thread of the "
        f"proxy answered {speed(ours)}. Straight to Redis it was {speed(straight)}, through Envoy {envoy}, through twemproxy "
        f"{twemproxy}. {run['load']} The whole table of that run, with what the proxy does worse, is in "
        "[docs/performance.md](docs/performance.md).")
    return textwrap.fill(paragraph, 125, break_on_hyphens=False) + (
        "\n\n![Requests a second and median, with Redis 1 ms away](docs/performance.svg)")


def speed(figures):
    return f"{figures['per_second']:,.0f} requests a second at a median of {figures['p50_milliseconds']:.1f} ms"


def replaced(text, marker, content):
    """`text` with what stands between the comments of that name replaced."""
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no <!-- {marker} --> to put it into")
    return pattern.sub(lambda match: f"{match[1]}{content.rstrip()}\n{match[2]}", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path, help="results.json of a full run")
    run = json.loads(parser.parse_args().results.read_text())
    sentence = headline(run)
    if run["quick"] or sentence is None:
        print("only a full run is for the documents", file=sys.stderr)
        return 1
    for name, marker, content in ("docs/performance.md", "run", report.markdown(run)), ("README.md", "headline", sentence):
        path = DOCUMENTS / name
        path.write_text(replaced(path.read_text(), marker, content))
    (DOCUMENTS / "docs/performance.svg").write_text(chart.svg(run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
