"""What a run found: rows of figures, and what was asked of them."""

from dataclasses import asdict, dataclass, field


@dataclass
class Check:
    """One figure of ours, alone or against another's, and what was asked of it."""

    what: str
    measured: float
    asked: float | None = None
    """None: the figure is only reported."""
    at_least: bool = True
    """Otherwise at most."""
    ours: float | None = None
    theirs: float | None = None

    @property
    def is_met(self):
        if self.asked is None:
            return None
        return self.measured >= self.asked if self.at_least else self.measured <= self.asked

    @property
    def verdict(self):
        if self.is_met is None:
            return "reported"
        if self.is_met:
            return "met"
        return f"not met: {self.measured / self.asked:.2f} of it" if self.asked else "not met"

    def as_json(self):
        return {**asdict(self), "met": self.is_met, "verdict": self.verdict}


@dataclass
class Row:
    """What was measured in turns under one load: for each server its figures, and the checks on them."""

    target: int
    name: str
    figures: dict = field(default_factory=dict)
    checks: list = field(default_factory=list)
    note: str = ""
    """Why nothing was measured, or what to know about it."""

    def hold(self, figure, ours, theirs, asked=None, at_least=True, what=None):
        """Adds the check that one server's figure has to another's the ratio that is asked."""
        one, other = self.figures[ours][figure], self.figures[theirs][figure]
        # Nothing of one's own takes no time, so that no ratio can be had.
        ratio = one / other if other else float("inf")
        self.checks.append(
            Check(f"{what or NAMES[figure]} ÷ that of {theirs}", ratio, asked, at_least, ours=one, theirs=other))

    def as_json(self):
        return {**asdict(self), "checks": [check.as_json() for check in self.checks]}


def measured(run, target):
    """The row of a run's JSON that measured `target`, or None."""
    return next((row for row in run["rows"] if row["target"] == target and row["figures"]), None)


NAMES = {
    "per_second": "requests/s", "megabytes_per_second": "MB/s", "p50_milliseconds": "median, ms", "p99_milliseconds": "p99, ms",
    "p999_milliseconds": "p99.9, ms",
    "cpu_microseconds": "CPU, µs", "backing_cpu_microseconds": "Redis' CPU, µs",
    "user_microseconds": "in user space, µs", "resident_mebibytes": "resident, MiB",
}
