"""How well watch finds what it should, on the shared data sets: the table of docs/explanation/watch-figures.md.

Not speed: quality. Every figure is a mean over seeds with its standard deviation. The data are not part of the program; a set
that is absent is said to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, pstdev
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recoup.bench.report import Tell
from recoup.bench.watch_data import AccountSet, account_set, cards, tide
from recoup.watch.features import FEATURES
from recoup.watch.model import Parameters
from recoup.watch.model.measures import average_precision
from recoup.watch.model.training import fit_weighted, scored
from recoup.watch.patterns import (
    ACCOUNT_MEASURES,
    Accounts,
    Group,
    Patterns,
    accounts_linked,
    cross_scores,
    measure_accounts,
)
from recoup.watch.state import Shard

SETS: Final = (
    "tide",
    "amlgentex_10k",
    "amlsim_20k_fanin200",
    "amlsim_20k_cycle200",
    "handbook_card",
)
FOLDS: Final = 5
_OTHERS_KEPT: Final = (
    0.15  # of training rows that are no case: the rest teaches little and costs time
)
TIDE: Final = Parameters(
    trees=350, leaves=31, depth=-1, leaf_rows_min=50, feature_share=0.5, l2=5.0
)
CARDS: Final = Parameters(
    trees=350,
    leaves=15,
    depth=-1,
    learning_rate=0.03,
    leaf_rows_min=100,
    feature_share=0.5,
    l2=10.0,
)


@dataclass(frozen=True)
class Reached:
    """One figure of the table."""

    set: str
    measure: str
    variant: str
    mean: float
    sd: float
    seeds: int
    baseline: float | None = None
    wanted: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, figures to four places."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Plan:
    """Which sets, with which seeds, and whether parts are tried without each other."""

    data: Path
    sets: tuple[str, ...] = SETS
    seeds: tuple[int, ...] = (1, 2, 3)
    ablation: bool = False


def bench_watch_sets(plan: Plan, tell: Tell) -> Iterator[Reached]:
    """Yield every figure as it is found; `tell` says what is done and what is absent."""
    runs: dict[str, Callable[[Plan, Path, Tell], Iterator[Reached]]] = {
        "tide": _tide,
        "handbook_card": _cards,
    }
    for name in plan.sets:
        folder = plan.data / name
        if not (folder / "transactions.parquet").is_file():
            tell(f"{name}: skipped, not there: {folder}")
            continue
        tell(name)
        yield from runs.get(name, _accounts)(plan, folder, tell)


def _reached(
    name: str, measure: str, variant: str, found: Sequence[float], *table: float | None
) -> Reached:
    return Reached(name, measure, variant, fmean(found), pstdev(found), len(found), *table)


# -- transfers between accounts


def _tide(plan: Plan, folder: Path, tell: Tell) -> Iterator[Reached]:
    given = tide(folder)
    tell(f"tide: {len(given.payments)} transfers, features of the stream")
    shard = Shard(given.accounts)
    stream = np.empty((len(given.payments), len(FEATURES)), np.float64)
    shard.apply(given.payments, stream)
    patterns = Patterns(given.accounts).apply(given.payments)
    whole = np.column_stack([stream, patterns])
    width = len(FEATURES)
    own = [at for at, one in enumerate(FEATURES) if one.name.startswith("payment_")]
    variants = {"stream and patterns": list(range(whole.shape[1]))}
    if plan.ablation:
        variants["stream"] = list(range(width))
        variants["patterns"] = own + list(range(width, whole.shape[1]))
    learns, asked = int(len(whole) * 0.6), int(len(whole) * 0.8)
    for variant, columns in variants.items():
        found = []
        for seed in plan.seeds:
            tell(f"tide: {variant}, seed {seed}")
            scores = _trained(
                whole[:, columns], given.labels, slice(0, learns), slice(asked, None), TIDE, seed
            )
            found.append(average_precision(scores, given.labels[asked:]))
        yield _reached("tide", "PR-AUC", variant, _sure(found), 0.886, 0.93)


def _sure(found: Sequence[float | None]) -> list[float]:
    assert None not in found, "a test part without a case"
    return [one for one in found if one is not None]


def _trained(
    matrix: NDArray[np.float64],
    labels: NDArray[np.bool_],
    learns: slice,
    asked: slice,
    parameters: Parameters,
    seed: int,
) -> NDArray[np.float64]:
    """Return scores of the rows asked for, by trees from all cases and a share of the other rows learnt from."""
    from dataclasses import replace

    drawn = np.random.default_rng(seed).random(len(labels)) < _OTHERS_KEPT
    kept = np.flatnonzero((labels | drawn)[learns]) + (learns.start or 0)
    trees = fit_weighted(
        matrix[kept], labels[kept], np.ones(kept.size), replace(parameters, seed=seed)
    )
    return scored(trees, matrix[asked])


# -- accounts


def _accounts(plan: Plan, folder: Path, tell: Tell) -> Iterator[Reached]:
    given = account_set(folder)
    tell(f"{given.name}: {len(given.payments)} transfers, measures of {given.accounts} accounts")
    matrix = measure_accounts(given.payments, given.accounts, given.until_us)
    paid = accounts_linked(given.payments, given.accounts, given.until_us)
    groups = np.array([measure.group for measure in ACCOUNT_MEASURES])
    for variant, chosen, stages, table in _variants(given, plan):
        columns = np.isin(groups, [group.value for group in chosen])
        found = []
        for seed in plan.seeds:
            tell(f"{given.name}: {variant}, seed {seed}")
            known = Accounts(matrix[:, columns], paid, given.labels)
            scores = cross_scores(known, FOLDS, seed, np.random.default_rng, stages=stages)
            found.append(average_precision(scores, given.labels))
        yield _reached(given.name, "AP", variant, _sure(found), *table)


def _variants(
    given: AccountSet, plan: Plan
) -> Iterator[tuple[str, tuple[Group, ...], int, tuple[float | None, float | None]]]:
    """Yield (what it is called, groups of measures, stages, figures of the table)."""
    inner = tuple(group for group in Group if group is not Group.OUTSIDE)
    yield "all, two stages", inner, 2, (given.baseline, given.wanted)
    if given.has_outside:
        yield "all with the outside, two stages", tuple(Group), 2, (None, None)
    if plan.ablation:
        yield "all, one stage", inner, 1, (None, None)
        grown: tuple[Group, ...] = ()
        for group in inner[:-1]:
            grown = (*grown, group)
            yield f"up to {group}, one stage", grown, 1, (None, None)


# -- payments by card


def _cards(plan: Plan, folder: Path, tell: Tell) -> Iterator[Reached]:
    given = cards(folder)
    found: list[float] = []
    top: list[float] = []
    for seed in plan.seeds:
        tell(f"handbook_card: seed {seed}")
        scores = _trained(
            given.matrix, given.labels, given.learns, slice(given.asked_from, None), CARDS, seed
        )
        place = given.asked - given.asked_from
        found += _sure([average_precision(scores[place], given.labels[given.asked])])
        top.append(given.card_precision(scores[place]))
    yield _reached("handbook_card", "AP", "delayed risk", found, 0.709, 0.72)
    yield _reached("handbook_card", "card precision@100", "delayed risk", top, 0.301, 0.305)


__all__ = ["SETS", "Plan", "Reached", "bench_watch_sets"]
