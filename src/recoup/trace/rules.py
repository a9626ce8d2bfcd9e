"""The rules of tracing by name: where each comes from and what it may be used for. Not their arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name on the command line, its legal or scientific source, whether evidence may rest on it."""

    name: str
    source: str
    is_evidence: bool


RULES: Final = {
    rule.name: rule
    for rule in (
        Rule("fifo", "first in, first out: Clayton's Case (1816)", is_evidence=True),
        Rule("lifo", "last in, first out", is_evidence=True),
        Rule(
            "rolling",
            "rolling charge: each withdrawal borne rateably by all then in the account",
            is_evidence=True,
        ),
        Rule(
            "lowest-balance",
            "lowest intermediate balance: the holder spends own money first, Re Hallett (1880) and later cases",
            is_evidence=True,
        ),
        Rule(
            "pari-passu",
            "pari passu: Barlow Clowes v Vaughan (1991); a comparison, order ignored",
            is_evidence=True,
        ),
        Rule(
            "poison",
            "poison: everything reached is suspect; screening only, never evidence",
            is_evidence=False,
        ),
    )
}

RANGE: Final = ("fifo", "lifo", "rolling", "lowest-balance")
"""What `--rule all` runs and what "range" means [SEMANTICS 2]."""

LOT_RULES: Final = ("fifo", "lifo")
POOL_RULES: Final = ("rolling", "lowest-balance")


def expand(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rules meant by `names`, each once, in the order given; `all` is the range.

    Raises `KeyError` with the name for one that does not exist.

    >>> expand(("all", "poison"))
    ('fifo', 'lifo', 'rolling', 'lowest-balance', 'poison')
    """
    out: dict[str, None] = {}
    for name in names:
        for rule in RANGE if name == "all" else (name,):
            if rule not in RULES:
                raise KeyError(rule)
            out[rule] = None
    return tuple(out)
