"""What the benchmark makes of what it measured; `make bench-check` runs these first."""

import pathlib
import tempfile
import unittest

from . import budgets, callgrind, chart, compare, report
from .results import Check, Row


class Verdicts(unittest.TestCase):
    def test_a_figure_that_reaches_what_was_asked_is_met(self):
        self.assertEqual(Check("", 1.0, asked=1.0).verdict, "met")
        self.assertEqual(Check("", 1.1, asked=1.1, at_least=False).verdict, "met")

    def test_one_that_does_not_says_by_how_much(self):
        self.assertEqual(Check("", 0.9, asked=1.0).verdict, "not met: 0.90 of it")
        self.assertEqual(Check("", 1.5, asked=1.0, at_least=False).verdict, "not met: 1.50 of it")
        self.assertEqual(Check("", 1, asked=0, at_least=False).verdict, "not met")

    def test_one_of_which_nothing_was_asked_is_reported(self):
        self.assertEqual(Check("", 0.9).verdict, "reported")

    def test_a_ratio_names_whom_it_is_held_against(self):
        row = Row(1, "hit", {"ours": {"per_second": 3}, "Redis": {"per_second": 2}})
        row.hold("per_second", "ours", "Redis", 1.0)
        self.assertEqual((row.checks[0].measured, row.checks[0].what), (1.5, "requests/s ÷ that of Redis"))


class Runs(unittest.TestCase):
    def run_of(self, identity):
        row = Row(10, "far", {"redis-proxy": {"per_second": 2, "p50_milliseconds": 1}}, [Check("what", 1, asked=2)])
        return {"id": identity, "machine": "m", "quick": False, "load": "", "started": "2026-01-01T00:00", "versions": [],
                "rows": [row.as_json()]}

    def test_two_runs_are_not_compared(self):
        self.assertIn("two runs", compare.refusal(self.run_of("a"), self.run_of("b")))
        self.assertIsNone(compare.refusal(self.run_of("a"), self.run_of("a")))

    def test_the_report_has_verdict_and_figures(self):
        text = report.markdown(self.run_of("a"))
        self.assertIn("| 10 | far | what |  |  | 1.00 | ≥ 2.00 | **not met**: 0.50 of it |", text)
        self.assertIn("| 10 | far | redis-proxy | 2 |", text)

    def test_the_chart_needs_the_far_backing(self):
        self.assertIn("redis-proxy", chart.svg(self.run_of("a")))
        self.assertIsNone(chart.svg({**self.run_of("a"), "rows": []}))


class Counting(unittest.TestCase):
    def test_calls_of_aliases_and_of_recursive_functions_count(self):
        profile = "fn=(1) main\n1 10\ncfn=(2) malloc\ncalls=3 1\n1 5\ncfn=(3) calloc'2\ncalls=1 1\n1 2\ncfn=(2)\ncalls=2 1\n1 1\n"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "profile"
            path.write_text(profile + "totals: 18\n")
            counts = callgrind.read(path)
        self.assertEqual((counts.instructions, counts.malloc, counts.swift_allocObject), (18, 6, 0))

    def test_a_budget_may_be_exceeded_by_a_tenth(self):
        self.assertTrue(budgets.is_within(11_000, 10_000))
        self.assertFalse(budgets.is_within(11_001, 10_000))

    def test_where_nothing_is_allocated_a_stray_allocation_is_no_excess(self):
        self.assertTrue(budgets.is_within(0.05, 0))
        self.assertFalse(budgets.is_within(1, 0))

    def test_what_has_no_budget_is_not_within_it(self):
        self.assertFalse(budgets.is_within(1, None))


if __name__ == "__main__":
    unittest.main()
