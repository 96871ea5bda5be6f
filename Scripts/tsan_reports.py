"""Prints the reports of ThreadSanitizer in a folder, less those that are the toolchain's; fails where any are left.

The lock of Synchronization.Mutex is taken inside a library of the toolchain that is not instrumented, so the sanitizer does not know that
one `withLock` comes after another, and takes any two for a race. This program shows the same (Swift 6.3.1, Linux):

    import Foundation
    import Synchronization
    final class Box: Sendable { let value = Mutex(0) }
    let box = Box()
    let threads = (0..<4).map { _ in Thread { for _ in 0..<10_000 { box.value.withLock { $0 += 1 } } } }
    for thread in threads { thread.start() }
    while !threads.allSatisfy(\\.isFinished) {}
    print(box.value.withLock { $0 })

So a report counts only where one of its two accesses is made outside of every closure that was given to `withLock`.
"""

import pathlib
import re
import sys

# The type of such a closure, `(inout sending Value) throws -> sending Result`, as it stands in the names of functions.
LOCKED = re.compile(r"z(Yu)?YuYT|zYuYTXE|Synchronization5Mutex")


def accesses(report: str) -> list[str]:
    """The stacks of the accesses, without those that tell where memory and threads come from."""
    stacks = re.split(r"\n\s*\n", report)
    return [stack for stack in stacks if re.search(r"(access|[Rr]ead|[Ww]rite) of ", stack)]


def is_of_toolchain(report: str) -> bool:
    stacks = accesses(report)
    return len(stacks) == 2 and all(LOCKED.search(stack) for stack in stacks)


left, dropped = [], 0
for file in pathlib.Path(sys.argv[1]).iterdir():
    for report in re.findall(r"WARNING: ThreadSanitizer:.*?SUMMARY:[^\n]*", file.read_text(errors="replace"), re.S):
        if is_of_toolchain(report):
            dropped += 1
        else:
            left.append(report)
for report in left:
    print(report, end="\n\n")
print(f"ThreadSanitizer: {len(left)} reports; {dropped} more are between closures of Synchronization.Mutex")
sys.exit(bool(left))
