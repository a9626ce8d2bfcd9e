"""Which names a rule may use: features, payment fields, facts from outside the payments, lists. Says where each stands.

What a rule reads of a payment lies in two rows of floats: the features, in the order of their catalogue, and the *facts*: the
fields of the payment itself (`FIELDS`), then the named facts, then two flags a list (payer is on it, payee is on it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from recoup.money import ISO_DIGITS, Digits
from recoup.records.kinds import KINDS
from recoup.watch.rules.tokens import KEYWORDS
from recoup.watch.rules.units import Unit

FIELDS: Final = (
    ("amount", Unit.MINOR, "what the payment moves"),
    ("kind", Unit.KIND, "kind of the payment, as in records: transfer, cash_out, exchange, ..."),
    ("currency", Unit.CURRENCY, "currency of the payment"),
    ("hour", Unit.COUNT, "hour of the payment in the time zone of the rules, 0 to 23"),
    ("weekday", Unit.COUNT, "day of the week there, 1 (Monday) to 7"),
    ("is_night", Unit.FLAG, "whether that hour lies in the night of the rules"),
    ("payer_is_outside", Unit.FLAG, "whether the money comes from no account that is known"),
    ("payee_is_outside", Unit.FLAG, "whether the money leaves to no account that is known"),
)
"""Fields of the payment itself: name, unit, meaning, in the order of a row of facts."""
ACCOUNTS: Final = ("payer", "payee")
FUNCTIONS: Final = ("min", "max", "abs", "known", "otherwise")
RESERVED: Final = frozenset({*KEYWORDS, *FUNCTIONS, *ACCOUNTS, "list", *(f[0] for f in FIELDS)})
"""Names that no feature, fact or threshold may have."""


class Figure(Protocol):
    """What rules need of a feature or a fact: a catalogue's row has more."""

    @property
    def name(self) -> str:
        """Its name in rules."""

    @property
    def unit(self) -> str:
        """Its unit: a value of `Unit`."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a name's value lies, and its unit."""

    is_feature: bool
    index: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names that rules may use. Make one with `vocabulary`."""

    columns: Mapping[str, Column]
    lists: tuple[str, ...]
    currencies: tuple[str, ...]
    """Codes of the fact `currency` are indices of this."""
    digits: Digits
    features_count: int
    facts_count: int
    kinds: tuple[str, ...] = KINDS

    def listed(self, side: str, name: str) -> int:
        """Return the column of facts that says whether the payer or payee is on a list."""
        first = self.facts_count - 2 * len(self.lists)
        return first + 2 * self.lists.index(name) + ACCOUNTS.index(side)


def vocabulary(
    features: Iterable[Figure] = (),
    facts: Iterable[Figure] = (),
    lists: Sequence[str] = (),
    currencies: Sequence[str] = (),
    digits: Digits = ISO_DIGITS,
) -> Vocabulary:
    """Return the vocabulary of these features and facts, columns in their order; two of one name raise `ValueError`.

    A feature that a field of the payment is named like is that field, and stays unread.
    """
    columns: dict[str, Column] = {}
    for i, (name, unit, _) in enumerate(FIELDS):
        columns[name] = Column(is_feature=False, index=i, unit=unit)
    features, facts = tuple(features), tuple(facts)
    rows = [(figure, True, i) for i, figure in enumerate(features)]
    rows += [(figure, False, len(FIELDS) + i) for i, figure in enumerate(facts)]
    fields = {name for name, _, _ in FIELDS}
    for figure, is_feature, index in rows:
        if is_feature and figure.name in fields:
            continue
        if figure.name in columns or figure.name in RESERVED:
            raise ValueError(f"expected each name once, was {figure.name} again")
        columns[figure.name] = Column(is_feature, index, Unit(str(figure.unit).lower()))
    return Vocabulary(
        columns,
        tuple(lists),
        tuple(currencies),
        digits,
        len(features),
        len(FIELDS) + len(facts) + 2 * len(lists),
    )


__all__ = [
    "ACCOUNTS",
    "FIELDS",
    "FUNCTIONS",
    "RESERVED",
    "Column",
    "Figure",
    "Vocabulary",
    "vocabulary",
]
