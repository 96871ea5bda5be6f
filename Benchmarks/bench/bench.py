"""One run: its servers, its folder, and how long it may take."""

import contextlib
import pathlib
import statistics
from dataclasses import dataclass, field


@dataclass
class Bench:
    """What every target's measurement is given."""

    binary: pathlib.Path
    micro_benchmarks: pathlib.Path
    programs: pathlib.Path
    """Where the load programs are that were compiled for this run."""
    venv: pathlib.Path
    """With Flask and redis-py."""
    envoy: pathlib.Path
    folder: pathlib.Path
    """For what is thrown away afterwards."""
    quick: bool
    servers: dict = field(default_factory=dict)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def options(self):
        """Of every proxy of the run."""
        return {"threads": 1, "max_clients": 1_000, "log_level": "error"}

    @property
    def rounds(self):
        return 1 if self.quick else 5

    @property
    def seconds(self):
        """How long one turn of one server is, where a load program goes by time."""
        return 0.7 if self.quick else 1.5

    def requests(self, count):
        """How many requests one turn is, given those of a quick run."""
        return count if self.quick else 2 * count

    def start(self, server):
        self.servers[server.name] = self.stack.enter_context(server)
        return server

    def present(self, *names):
        """Those of the names that are among the servers of this run."""
        return [name for name in names if name in self.servers]

    def in_turns(self, names, run):
        """Runs `run(name, share)` once for each name to warm up, with a share of the load, then in turns; the medians by name."""
        return medians_by_name(self.rounds_in_turns(names, run, self.rounds))

    def rounds_in_turns(self, names, run, rounds):
        """The same, but all that came out, by name; a quick run has one round."""
        names = list(names)
        for name in names:
            run(name, 0.3)
        outcomes = {name: [] for name in names}
        for round_number in range(1 if self.quick else rounds):
            # Whoever comes first in one round does not in the next.
            for name in names[round_number % len(names):] + names[:round_number % len(names)]:
                outcomes[name].append(run(name, 1))
        return outcomes


def medians(outcomes):
    return {key: statistics.median(outcome[key] for outcome in outcomes) for key in outcomes[0]}


def medians_by_name(outcomes):
    return {name: medians(results) for name, results in outcomes.items()}


def spread(outcomes, figure):
    """The least and the most of a figure in all rounds, by name."""
    return "; ".join(
        f"{name} {min(outcome[figure] for outcome in results):,.0f} to {max(outcome[figure] for outcome in results):,.0f}"
        for name, results in outcomes.items())
