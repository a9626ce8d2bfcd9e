"""What the centre tells a watch, as values: claims, holds, findings, lists, measures, appeals, in a chain. Loads no kernel.

Both ends of the link use it: the centre writes the chain, `watch.stolen.Copy` carries it out on a stream.
"""

from recoup.watch.told.changes import (
    AppealSettled,
    Arrival,
    CaseClosed,
    Change,
    ClaimEnded,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
    Key,
    Listed,
    Measured,
    Traced,
    What,
    after,
    chain,
    digest_after,
    end_of,
    key_of,
    listed_hash,
)

__all__ = [
    "AppealSettled",
    "Arrival",
    "CaseClosed",
    "Change",
    "ClaimEnded",
    "ClaimOpened",
    "GoodFaith",
    "HoldAsked",
    "Key",
    "Listed",
    "Measured",
    "Traced",
    "What",
    "after",
    "chain",
    "digest_after",
    "end_of",
    "key_of",
    "listed_hash",
]
