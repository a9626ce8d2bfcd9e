"""The figures of a limit, the same keys as of a policy. What a limit has no part in is 0: it holds no innocent, returns all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recoup.rehearse.figures import NAMES, Figures, quantile
from recoup.rehearse.limits.bound import SECOND_US, Bounded, Limits
from recoup.rehearse.play.happened import Reported
from recoup.rehearse.play.played import Played

LIMITS: Final = ("instant", "latency_bound")


def limit_figures(played: Played, limits: Limits, seconds: float) -> dict[str, Figures]:
    """Return the figures of both limits, from the play of `none` that they were found on; `seconds` is what that took."""
    loss = int(played.ledger.filter(played.ledger["instalment"] >= 0)["amount"].sum())
    entered = {
        one.fraud: one.at_us for one in reversed(played.happened) if isinstance(one, Reported)
    }
    return {
        name: _figures(loss, list(by_fraud.values()), entered, seconds, inside)
        for name, by_fraud, inside in (
            ("instant", limits.instant, limits.instant),
            ("latency_bound", limits.latency_bound, limits.instant),
        )
    }


def _figures(
    loss: int,
    bounded: Sequence[Bounded],
    entered_us: Mapping[int, int],
    seconds: float,
    inside: Mapping[int, Bounded],
) -> Figures:
    """Return one limit's figures: what it keeps is stopped, frozen and given back at once, all of it."""
    kept = sum(one.kept for one in bounded)
    waits = [
        (min(one.stop_us.values()) - entered_us[one.fraud]) / SECOND_US
        for one in bounded
        if one.stop_us and one.kept
    ]
    hops = [us / SECOND_US for one in bounded for us in one.hop_us]
    reported = sum(one.loss for one in bounded)
    known: Figures = {
        "loss": loss,
        "kept": kept,
        "reports": len(bounded),
        "reported": reported,
        "inside_at_report": sum(one.kept for one in inside.values()),
        "stopped_gross": kept,
        "stopped_net": kept,
        "frozen": kept,
        "returned": kept,
        "returned_share_of_frozen": 1.0 if kept else 0.0,
        "returns": sum(one.kept > 0 for one in bounded),
        "left": sum(one.left for one in bounded),
        "at_large": loss - reported,
        "accounts_held": len({account for one in bounded for account in one.kept_on}),
        "held_over_loss_max": 1.0 if kept else 0.0,
        "orders": sum(len(one.stop_us.keys() | one.kept_on.keys()) for one in bounded),
        "hops_max": max((hop for one in bounded for hop in one.hop.values()), default=0),
        "first_stops": len(waits),
        "seconds_to_first_stop_p50": quantile(waits, 0.5),
        "seconds_to_first_stop_p99": quantile(waits, 0.99),
        "hops": len(hops),
        "seconds_per_hop_p50": quantile(hops, 0.5),
        "seconds_per_hop_p99": quantile(hops, 0.99),
        "wall_seconds": seconds,
    }
    return {name: known.get(name, 0) for name in NAMES}


__all__ = ["LIMITS", "limit_figures"]
