"""The section `institutions`: who keeps accounts, how many, and how each answers an order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from recoup.rehearse.scenario.kinds import InstitutionKind
from recoup.rehearse.scenario.quantities import Between, Count, Duration, Factor, Flag, Share

_SECOND: Final = 1_000_000


@dataclass(frozen=True)
class InstitutionTerms:
    """One institution; its table's name is its name."""

    name: str
    kind: Annotated[InstitutionKind, "What it is."] = InstitutionKind.BANK
    weight: Annotated[
        Factor, Between(0, 1_000), "How many accounts of its kind it keeps, against the others."
    ] = 1.0
    answer_median: Annotated[
        Duration, Between("0s", "7d"), "From an order's arrival to its answer, the median."
    ] = 30 * _SECOND
    answer_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 0.7
    is_connected: Annotated[
        Flag, "Takes signed orders by machine; else on paper, at office hours."
    ] = True
    can_stop_amounts: Annotated[Flag, "Stops an amount; else only whole accounts."] = True
    error_share: Annotated[Share, "Answers that say something wrong."] = 0.005
    refusal_share: Annotated[Share, "Orders that are refused without good reason."] = 0.005
    silent_share: Annotated[Share, "Orders that are never answered."] = 0.002
    orders_a_minute: Annotated[
        Count, Between(1, 1_000_000), "Orders that it can take in a minute."
    ] = 600


def _city() -> tuple[InstitutionTerms, ...]:
    bank = InstitutionTerms("river-bank", weight=30.0, answer_median=20 * _SECOND)
    pay = replace(bank, name="quickpay", kind=InstitutionKind.PAYMENT, weight=60.0)
    outside = replace(
        bank,
        name="cash",
        kind=InstitutionKind.CASH,
        weight=1.0,
        answer_median=0,
        answer_sigma=0.0,
        error_share=0.0,
        refusal_share=0.0,
        silent_share=0.0,
    )
    return (
        bank,
        replace(bank, name="harbour-bank", weight=24.0),
        replace(bank, name="hill-bank", weight=18.0, answer_median=60 * _SECOND),
        replace(bank, name="garden-bank", weight=14.0, answer_median=120 * _SECOND),
        replace(bank, name="farmers-bank", weight=10.0, answer_median=600 * _SECOND),
        replace(
            bank,
            name="village-bank",
            weight=4.0,
            answer_median=3_600 * _SECOND,
            is_connected=False,
            can_stop_amounts=False,
        ),
        pay,
        replace(pay, name="lantern-wallet", weight=40.0, answer_median=45 * _SECOND),
        replace(
            pay,
            name="joint-codes",
            kind=InstitutionKind.AGGREGATOR,
            weight=1.0,
            answer_median=900 * _SECOND,
        ),
        replace(
            pay,
            name="east-exchange",
            kind=InstitutionKind.EXCHANGE,
            weight=1.0,
            answer_median=1_800 * _SECOND,
        ),
        outside,
        replace(outside, name="abroad", kind=InstitutionKind.ABROAD),
    )


CITY: Final = _city()
"""The institutions of the default city."""

__all__ = ["CITY", "InstitutionTerms"]
