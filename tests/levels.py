"""The table of levels of `cn-2016` once more, by hand and in another form: what each level of unit may agree to. An oracle."""

from __future__ import annotations

from recoup.orders import AccountKind, Deed, Extent, Level, OrderKind

_MAY = """
station   stop extend raise query claim hardship
district  postpone freeze renew reduce release watch finding appeal surplus swap deferral widening cap
city      pay_back whole_account payroll social_benefits client_money
province  treasury
"""
"""Each level may agree to its own row and to those above it here."""

UNITS = ("station", "district", "city", "province")
"""From the lowest to the highest."""


def rank(name: str) -> int:
    """Return from which place in `UNITS` on something may be agreed to."""
    for place, line in enumerate(_MAY.strip().splitlines()):
        if name in line.split()[1:]:
            return place
    raise AssertionError(f"nothing is said of {name}")


_AS_ANY = {"ordinary", "wallet", "settlement", "custody"}
"""What is stopped at no higher level than a bank account."""


def may(unit: Level, kind: OrderKind, extent: Extent, account: AccountKind) -> bool:
    """Whether a unit of that level may agree to such an order."""
    least = rank(kind.value)
    if extent is Extent.WHOLE_ACCOUNT:
        least = max(least, rank("whole_account"))
    if account.value not in _AS_ANY:
        least = max(least, rank(account.value))
    return UNITS.index(unit.value) >= least


def may_decide(unit: Level, deed: Deed) -> bool:
    """Whether a unit of that level may decide something that is no order."""
    return UNITS.index(unit.value) >= rank(deed.value)


MANDATES = (
    # minor units, currency, hops, the level that must agree
    (1, "CNY", 1, "station"),
    (50_000_00, "CNY", 3, "station"),
    (50_000_01, "CNY", 3, "district"),
    (50_000_00, "CNY", 4, "district"),
    (500_000_00, "CNY", 6, "district"),
    (500_000_01, "CNY", 1, "city"),
    (1, "CNY", 7, "city"),
    (5_000_000_00, "CNY", 12, "city"),
    (5_000_000_01, "CNY", 12, "province"),
    (5_000_000_00, "CNY", 13, "province"),
    (1, "USD", 1, "province"),
)
"""Standing authorities at the edges of each band and one past them."""
