"""Inputs of the bench: seeded transfers of three shapes, as the arrays that the kernels run on. Nothing is measured here.

`uniform`: payer and payee by chance. `trees`: every claim's money is split among fresh accounts layer by layer, in the midst of
uniform traffic. `hubs`: payer and payee by a power law; the heaviest account has one in a hundred of all transfers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.trace.events import NEVER, NOTHING_ASSUMED, Events
from recoup.trace.kernels import books
from recoup.trace.kernels.compiled import kernel
from recoup.trace.ledger import I32, I64, KNOWN, TERMINAL, Ledger
from recoup.trace.openings import Openings

SHAPES: Final = ("uniform", "trees", "hubs")

_MEDIAN_FEN: Final = 50_000
_FAN: Final = 4
_LAYERS: Final = 4
_TREE_SIZE: Final = sum(_FAN**layer for layer in range(1, _LAYERS + 1))
_LAYER_SHARES: Final = (0.3, 0.4, 0.25, 0.05)
"""Of the trees, those with one, two, three and four layers: 4, 20, 84 and 340 transfers."""
_LAYER_GAP: Final = 0.01
"""Of the whole time, between two layers of a tree."""


@dataclass(frozen=True)
class Size:
    """How large an input is."""

    transfers: int = 10_000_000
    accounts: int = 1_000_000
    claims: int = 1_000
    seed: int = 1


@dataclass(frozen=True)
class Input:
    """One input: dense arrays with openings that let no account go negative."""

    shape: str
    ledger: Ledger
    openings: Openings
    events: Events


@kernel
def _lowest(source: I32, payee: I32, amount: I64, count: int) -> I64:
    """Return shape (count,): the opening that keeps every pocket from going negative, pocket 0 excepted; O(n)."""
    running = np.zeros(count, np.int64)
    lowest = np.zeros(count, np.int64)
    for i in range(len(amount)):
        p = source[i]
        running[p] -= amount[i]
        lowest[p] = min(lowest[p], running[p])
        running[payee[i]] += amount[i]
    lowest[0] = 0
    return -lowest


def _amounts(chance: np.random.Generator, count: int) -> I64:
    """Return lognormal amounts in fen, at least 1."""
    drawn = np.exp(chance.normal(np.log(_MEDIAN_FEN), 1.5, count))
    return np.clip(drawn, 1, 10**9).astype(np.int64)


def _uniform(chance: np.random.Generator, size: Size) -> tuple[I32, I32, I64, I32]:
    """Return payer, payee, amount and the disputed transfers."""
    payer = chance.integers(1, size.accounts + 1, size.transfers, dtype=np.int32)
    payee = chance.integers(1, size.accounts + 1, size.transfers, dtype=np.int32)
    root = chance.choice(size.transfers * 4 // 5, size.claims, replace=False)
    return payer, payee, _amounts(chance, size.transfers), np.sort(root).astype(np.int32)


def _hubs(chance: np.random.Generator, size: Size) -> tuple[I32, I32, I64, I32]:
    """As `_uniform`, accounts drawn by the cube of a uniform number and then renamed by chance."""
    _, _, amount, root = _uniform(chance, size)
    names = chance.permutation(size.accounts).astype(np.int32) + 1
    sides = [
        names[(size.accounts * chance.random(size.transfers) ** 3).astype(np.int32)]
        for _ in range(2)
    ]
    return sides[0], sides[1], amount, root


def _branches(layers: npt.NDArray[np.int64], first: int) -> tuple[I32, I32, I32, I32]:
    """Return (tree, parent, child, layer) of the trees' transfers; every tree has fresh accounts from `first` on."""
    inner = _TREE_SIZE - _FAN**_LAYERS + 1
    child = np.arange(1, _TREE_SIZE + 1)
    layer = np.repeat(np.arange(1, _LAYERS + 1), _FAN ** np.arange(1, _LAYERS + 1))
    parent = np.repeat(np.arange(inner), _FAN)
    tree, at = np.nonzero(layer[None, :] <= layers[:, None])
    base = first + tree * (_TREE_SIZE + 1)
    parts = (tree, base + parent[at], base + child[at], layer[at])
    return (
        parts[0].astype(np.int32),
        parts[1].astype(np.int32),
        parts[2].astype(np.int32),
        parts[3].astype(np.int32),
    )


def _trees(chance: np.random.Generator, size: Size) -> tuple[I32, I32, I64, I32]:
    """As `_uniform`, with one dispersal tree for every claim that half of the accounts and transfers have room for."""
    room = min(size.accounts, size.transfers) // 2
    planted = max(1, min(size.claims, room // (_TREE_SIZE + 1)))
    first = size.accounts - planted * (_TREE_SIZE + 1) + 1
    tree, parent, child, layer = _branches(
        chance.choice(_LAYERS, planted, p=_LAYER_SHARES) + 1, first
    )
    loss = np.clip(_amounts(chance, planted), 10**6, None) * 10
    start = chance.random(planted) * (1 - (_LAYERS + 2) * _LAYER_GAP)
    when = (
        start[tree] + (layer + chance.random(len(layer))) * _LAYER_GAP
    )  # a layer waits for the one before
    rest = size.transfers - planted - len(layer)
    payer = chance.integers(1, first, rest, dtype=np.int32)
    payee = chance.integers(1, first, rest, dtype=np.int32)
    victims = chance.integers(1, first, planted, dtype=np.int32)
    roots = (first + np.arange(planted) * (_TREE_SIZE + 1)).astype(np.int32)
    order = np.argsort(np.concatenate([chance.random(rest), when, start]), kind="stable")
    amount = np.concatenate(
        [_amounts(chance, rest), loss[tree] // _FAN ** layer.astype(np.int64), loss]
    )
    root = np.flatnonzero(order >= rest + len(layer)).astype(np.int32)
    more = np.setdiff1d(chance.choice(size.transfers, size.claims, replace=False), root)[
        : size.claims - planted
    ]
    return (
        np.concatenate([payer, parent, victims])[order],
        np.concatenate([payee, child, roots])[order],
        amount[order],
        np.sort(np.concatenate([root, more])).astype(np.int32),
    )


def make_input(shape: str, size: Size) -> Input:
    """Return the input of `shape` (one of SHAPES) for a size and its seed; the same on every machine."""
    chance = np.random.default_rng([size.seed, SHAPES.index(shape)])
    payer, payee, amount, root = {"uniform": _uniform, "trees": _trees, "hubs": _hubs}[shape](
        chance, size
    )
    same = payer == payee  # a payment to oneself becomes one to the next account
    payee[same] = payee[same] % size.accounts + 1
    return arrange_arrays(shape, payer, payee, amount, root, size.accounts)


def arrange_arrays(
    shape: str, payer: I32, payee: I32, amount: I64, root: I32, accounts: int
) -> Input:
    """Return an input of dense arrays: accounts 1 to `accounts`, one second between transfers, `root` disputed."""
    n, k = len(amount), accounts + 1
    time = np.arange(n, dtype=np.int64) * 1_000_000
    op, special = np.zeros(n, np.uint8), np.full(n, -1, np.int32)
    op[root], special[root] = books.ROOT, np.arange(len(root), dtype=np.int32)
    specials = np.zeros(len(root), books.SPECIAL)
    specials[:] = books.PLAIN_SPECIAL
    specials["claim"] = np.arange(len(root))
    standing = np.full(k, KNOWN, np.uint8)
    standing[0] = TERMINAL
    currency = np.zeros(k, np.int32)
    currency[0] = -1
    mark = np.zeros(n, np.uint8)
    ledger = Ledger(
        accounts=pl.Series([], dtype=pl.String),
        currencies=("CNY",),
        pocket_account=np.arange(-1, k - 1, dtype=np.int32),
        pocket_currency=currency,
        standing=standing,
        payer=payer,
        payee=payee,
        source=payer,
        amount=amount,
        time=time,
        currency=np.zeros(n, np.int32),
        mark=mark,
    )
    events = Events(
        source=payer,
        payee=payee,
        amount=amount,
        op=op,
        special=special,
        mark=mark,
        row=np.arange(n, dtype=np.int32),
        time=time,
        assumed=NOTHING_ASSUMED,
        specials=specials,
        originals_count=0,
        originals_payees=np.empty(0, np.int32),
        slots_count=0,
        cut=np.full(len(root), NEVER, np.int32),
        root=root,
        stop=n,
    )
    opening = _lowest(payer, payee, amount, k)
    return Input(shape, ledger, Openings(opening, np.zeros(k, np.uint8)), events)


def sample(whole: Input, transfers: int) -> Input:
    """Return the first `transfers` of an input; claims disputed later are left out."""
    events = whole.events
    n = min(transfers, len(events.amount))
    root = events.root[events.root < n]
    return arrange_arrays(
        whole.shape,
        events.source[:n],
        events.payee[:n],
        events.amount[:n],
        root,
        len(whole.ledger.standing) - 1,
    )
