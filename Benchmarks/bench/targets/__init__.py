"""What is measured, a module for each group of targets; each has `measure(bench)`, which yields rows."""
