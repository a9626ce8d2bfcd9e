"""Decides the transfers of files, in order, as if they came in now: what `recoup watch score` adds to its scores. No files."""

from __future__ import annotations

import numpy as np
import polars as pl

from recoup.watching.deciding import Watch
from recoup.watching.decisions import FRAME
from recoup.watching.materials import Materials
from recoup.watching.work import Period

_CHUNK = 1 << 14
_COLUMNS = ("id", "time", "payer", "payee", "amount", "currency", "kind")
_OWN = ("id", "raw", "reasons", "reasons_zh")  # the scores have these already


def decide_transfers(
    watch: Watch, materials: Materials, period: Period, label_delay_us: int | None
) -> pl.DataFrame:
    """Return what is decided of every transfer of a period; earlier ones are only booked, and warm the state.

    Columns are those of `FRAME` beside the scores': `decision` says why in `causes` and `causes_zh`.

    Args:
        watch: new, of the currencies of the transfers.
        materials: transfers in total order.
        period: which are decided.
        label_delay_us: labels reach the state so long after their payment; None: never.
    """
    frame, inside = materials.transfers.select(_COLUMNS), period.rows(materials.times_us)
    currencies = frame["currency"].unique().to_list()
    reports = materials.reports(label_delay_us)
    stops = np.searchsorted(materials.times_us, reports.times_us, "right").tolist()
    cuts = np.flatnonzero(np.diff(inside)) + 1
    edges = {0, frame.height, *stops, *cuts.tolist(), *range(0, frame.height, _CHUNK)}
    told: dict[int, list[tuple[str, int]]] = {}
    for stop, account, time_us in zip(stops, reports.accounts, reports.times_us, strict=True):
        told.setdefault(stop, []).append((account, int(time_us)))
    parts, begin = [pl.DataFrame(schema=FRAME)], 0
    for end in sorted(edges):
        if end > begin:
            is_inside = bool(inside[begin])
            found = watch.decide(frame[begin:end], is_late=not is_inside)
            if is_inside:
                parts.append(found.frame())
            begin = end
        for account, time_us in told.get(end, ()):
            for currency in currencies:
                watch.report(account, currency, time_us)
    whole = pl.concat(parts)
    causes = whole.select(causes="reasons", causes_zh="reasons_zh")
    return pl.concat([whole.drop(_OWN), causes], how="horizontal")


__all__ = ["decide_transfers"]
