"""The section `watch`: what it may do to payments, who heeds it, and what it is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from recoup.rehearse.scenario.quantities import Between, Counts, Duration, Factor, Share, Words

_MINUTE: Final = 60_000_000
_HOUR: Final = 60 * _MINUTE


@dataclass(frozen=True)
class WatchTerms:
    """What the watch may do, how often, and what comes of it."""

    warning_heeded: Annotated[Share, "Victims who heed a warning on screen."] = 0.2
    call_heeded: Annotated[Share, "Victims who heed a call."] = 0.4
    visit_heeded: Annotated[Share, "Victims who heed a visit."] = 0.7
    called: Annotated[Share, "Warned payers who can be called as well; the most at stake."] = 0.6
    visited: Annotated[Share, "Called payers who can be visited as well; the most at stake."] = 0.3
    explained: Annotated[Share, "Innocents who show what a payment that waits is, if asked."] = 0.8
    explained_falsely: Annotated[
        Share, "Holders of lent or sold accounts who show false papers and are believed."
    ] = 0.1
    delay: Annotated[Duration, Between("0s", "7d"), "How long a delayed payment waits."] = (
        30 * _MINUTE
    )
    hold: Annotated[Duration, Between("0s", "30d"), "How long a hold lasts at most."] = 24 * _HOUR
    new_payee_wait: Annotated[
        Duration, Between("0s", "7d"), "How long each payment to a new payee waits; 0s: not."
    ] = 0
    warnings_a_million: Annotated[
        Factor, Between(0, 1_000_000), "Warnings for a million payments, at most."
    ] = 2_000.0
    delays_a_million: Annotated[
        Factor, Between(0, 1_000_000), "Delays for a million payments, at most."
    ] = 500.0
    holds_a_million: Annotated[
        Factor, Between(0, 1_000_000), "Holds for a million payments, at most."
    ] = 300.0
    training_seeds: Annotated[Counts, "Seeds of the countries that it is trained on."] = (901, 902)
    training_strategies: Annotated[
        Words, "Strategies that it meets in training; the others are new to it."
    ] = ("fan_out", "fan_in", "mixing", "score_running", "wallets", "cash")


__all__ = ["WatchTerms"]
