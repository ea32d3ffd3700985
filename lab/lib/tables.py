# SPDX-License-Identifier: GPL-2.0-or-later
"""tables.py - the continuity suite's cases as tables, for eyes and for docs/

One line for each message after which a path flips, one sign for each transport
and way of flipping: how it ended, in both families.
"""
from . import cases

SIGNS = dict(zip(cases.OUTCOMES, "=racx"))
FAILED, NOT_RUN, DIFFERENT = "F", ".", "!"
COLUMNS = [(transport, mode) for transport in cases.TRANSPORTS
           for mode in cases.MODES_OF[transport]]
BEGIN, END = "<!-- cases: made by lab/continuity --table -->\n", "<!-- end -->"


def legend():
    return "\n".join([
        *[f"{SIGNS[one]}     {text}" for one, text in
          cases.OUTCOMES.items()],
        *[f"{mode}: {text}" for mode, text in cases.MODES.items()]])


def sign(outcomes):
    signs = {SIGNS.get(one, FAILED) for one in outcomes}
    if not signs:
        return NOT_RUN
    return signs.pop() if len(signs) == 1 else FAILED if FAILED in signs \
        else DIFFERENT


def heading():
    groups = [(one, [m for t, m in COLUMNS if t == one])
              for one in cases.TRANSPORTS]
    return "".join(f"{name:{5 * len(modes) + 1}}" for name, modes in groups), \
        "".join("".join(f"{mode:5}" for mode in modes) + " "
                for _, modes in groups)


def drawn(outcomes):
    """outcomes: case -> how it ended; those with a flip are drawn."""
    cells = {}
    for case, came in outcomes.items():
        if case.mode:
            key = case.flow, case.kind, case.side, case.point
            cells.setdefault(key[:3], {}).setdefault(key[3], {}).setdefault(
                (case.transport, case.mode), set()).add(came)
    lines = []
    for (flow, kind, side), points in cells.items():
        lines += ["", f"{flow}; {cases.KINDS[kind]}; {cases.SIDES[side]}"]
        for at, text in enumerate(heading()):
            lines.append(f"{'  after' if at else '':20}{text}".rstrip())
        for point in [cases.START, *cases.seen(flow, kind, side)]:
            if point not in points:
                continue
            row = ""
            for at, column in enumerate(COLUMNS):
                row += " " if at and column[0] != COLUMNS[at - 1][0] else ""
                row += f"{sign(points[point].get(column, ())):5}"
            lines.append(f"  {point:18}{row}".rstrip())
    return "\n".join(lines)


def told():
    """What docs/continuity.md has to say of the cases."""
    # of those that are right the one that costs a phone most
    every = {case: cases.expected(case)[-1] for case in cases.everything()}
    return f"```\n{legend()}\n{drawn(every)}\n```\n"


def write(document, check):
    """Exit status."""
    old = document.read_text()
    before, _, rest = old.partition(BEGIN)
    new = before + BEGIN + told() + END + rest.partition(END)[2]
    if check:
        if new != old:
            print(f"{document.name} tells of other cases: "
                  "run lab/continuity --table")
        return int(new != old)
    document.write_text(new)
    return 0
