"""Works out a set of rules for many payments: checks the shapes, which the kernel does not, and gives one row a payment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recoup.watch.rules.kernel import new_stack
from recoup.watch.rules.lanes import evaluate_many
from recoup.watch.rules.program import Floats, Programs
from recoup.watch.rules.vocabulary import Vocabulary


def run_rules(
    programs: Programs, names: Vocabulary, rows: Floats, facts: Floats
) -> npt.NDArray[np.int8]:
    """Return NO, FIRES or UNKNOWN of every rule for every payment, int8 [n, R].

    Args:
        programs: the compiled rules, compiled for these names.
        names: which columns `rows` and `facts` have.
        rows: features [n, F], read before each payment was booked.
        facts: facts [n, G].
    """
    for what, given, wanted in (
        ("features", rows, names.features_count),
        ("facts", facts, names.facts_count),
    ):
        if given.ndim != 2 or given.shape != (len(rows), wanted):
            raise ValueError(f"expected {what} [{len(rows)}, {wanted}], was {list(given.shape)}")
    out = np.zeros((len(rows), len(programs.starts) - 1), np.int8)
    evaluate_many(
        programs,
        np.ascontiguousarray(rows, np.float64),
        np.ascontiguousarray(facts, np.float64),
        new_stack(),
        out,
    )
    return out


__all__ = ["run_rules"]
