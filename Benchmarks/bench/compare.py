"""Puts two results side by side, if they are of one run."""

import argparse
import json
import pathlib
import sys


def refusal(one, other):
    """Why the two may not be compared, or None."""
    if one["id"] == other["id"]:
        return None
    return (f"these are two runs ({one['id']} and {other['id']}), and their figures are not to be compared: they drift with the\n"
            "machine and with whatever else it does, by more than most changes are worth. Compare the ratios of each with\n"
            "what was asked, or measure two programs in one run: make bench AGAINST=/path/to/the/other/redis-proxy")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs=2, type=pathlib.Path, help="results.json of a run")
    one, other = (json.loads(path.read_text()) for path in parser.parse_args().results)
    reason = refusal(one, other)
    if reason:
        print(reason, file=sys.stderr)
        return 1
    names = {row["name"] for row in other["rows"]}
    for row in one["rows"]:
        if row["name"] in names:
            print(row["name"])
            for check in row["checks"]:
                print(f"    {check['what']}: {check['measured']:.2f}, {check['verdict']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
