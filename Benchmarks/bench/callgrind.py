"""Runs the program under callgrind and reads what it counted."""

import re
from dataclasses import dataclass

# A function is named once, with a number, and by its number alone afterwards.
_NAME = re.compile(r"\((\d+)\)(?: (.*))?")
_COUNTED = {"malloc": {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"},
            "swift_allocObject": {"swift_allocObject"}}


@dataclass
class Counts:
    """What a process did from start to end."""

    instructions: int
    malloc: int
    swift_allocObject: int

    def per_request(self, fewer, requests):
        """The difference to a run with `requests` fewer, for each of them."""
        return {name: (getattr(self, name) - getattr(fewer, name)) / requests for name in vars(self)}


def command(output):
    """What to put before the program's own command."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", "--error-limit=no"]


def read(output):
    """The totals in a callgrind profile. Calls of aliases, such as a library's own name for malloc, count once."""
    names = {}
    calls = dict.fromkeys(_COUNTED, 0)
    callee = instructions = None
    with open(output) as profile:
        for line in profile:
            if line.startswith("cfn="):
                callee = _name(line[4:], names)
            elif line.startswith("fn="):
                _name(line[3:], names)
            elif line.startswith("calls="):
                for counter, functions in _COUNTED.items():
                    if callee in functions:
                        calls[counter] += int(line[6:].split()[0])
            elif line.startswith(("summary:", "totals:")):
                instructions = int(line.split()[1])
    if instructions is None:
        raise ValueError(f"{output} is no finished callgrind profile")
    return Counts(instructions=instructions, **calls)


def _name(text, names):
    match = _NAME.match(text.strip())
    if not match:
        return text.strip()
    number, name = match.groups()
    if name is not None:
        # A recursive function has its depth behind an apostrophe.
        names[number] = name.partition("'")[0]
    return names.get(number)
