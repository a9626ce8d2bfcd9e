"""Prints the last hash of each run: `python tests/sim/digest.py FIRST_SEED SEEDS EVENTS memory|sqlite [--bug]`.

For comparing processes: many seeds in one, since starting takes longer than running.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from recoup.centre import decider
from recoup.centre.commands import Declined
from recoup.stores.sqlite import SqliteJournal
from sim.office import Office, memory
from sim.world import World


def unsteady(policy):
    """Return a decide with a planted bug: what it notes depends on the order of a set of texts."""
    steady = decider(policy)

    def decide(state, command, now):
        found = steady(state, command, now)
        if isinstance(found, Declined) or not found.events:
            return found
        acted, *rest = found.events
        reason = "".join({"alpha", "beta", "gamma", "delta"})
        return replace(
            found, events=(replace(acted, event=replace(acted.event, reason=reason)), *rest)
        )

    return decide


def main() -> None:
    first, seeds, events, store, *more = sys.argv[1:]
    for seed in range(int(first), int(first) + int(seeds)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "journal.sqlite"
            opened = memory() if store == "memory" else partial(SqliteJournal.open, path)
            office = Office(opened, make_decide=unsteady if more else decider)
            World(seed, office).run(int(events))
            last = office.journal.last()
            assert last is not None
            print(seed, last.sequence, last.hash.hex())


if __name__ == "__main__":
    main()
