"""What `recoup rehearse` shows: a live table on a terminal, plain lines elsewhere, the figures at the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

from recoup.cli.screen import print_table
from recoup.money import format_minor
from recoup.rehearse.running import REFERENCE, Beat

if TYPE_CHECKING:
    from rich.table import Table

    from recoup.rehearse.running import Run
    from recoup.rehearse.sweeping import Interval, Swept

_COLUMNS: Final = ("policy", "", "payments", "reports", "orders")
_SUMS: Final = ("held", "intercepted", "averted", "returned")
_LINE_SECONDS: Final = 5.0

SHOWN: Final = (
    *("loss", "kept", "stopped_net", "intercepted_amount", "averted_amount", "returned"),
    *("inside_at_report", "stopped_gross", "frozen", "left", "at_large"),
    *("reports", "orders", "hops_max", "intercepted_accounts", "dissuaded_victims"),
    *("innocent_accounts_held", "innocent_amount_held_peak", "innocent_release_hours_p50"),
    *("held_over_loss_max", "seconds_to_first_stop_p50", "seconds_per_hop_p50", "wall_seconds"),
)
"""Figures of the table at the end; all of them are in OUT."""


def _is_plain() -> bool:
    """Whether nobody watches: no terminal, or a build machine."""
    return bool(os.environ.get("CI")) or not sys.stdout.isatty()


@contextmanager
def watching(policies: Sequence[str]) -> Iterator[Callable[[Beat], None]]:
    """Give a function that hears of every beat; a live table shows the last of each policy, or plain lines do."""
    board = _Board(tuple(dict.fromkeys((REFERENCE, *policies))))
    if _is_plain():
        yield board.line
        return
    from rich.console import Console
    from rich.live import Live

    with Live(
        get_renderable=board.table,
        console=Console(markup=False, emoji=False),
        refresh_per_second=5,
    ):
        yield board.take


class _Board:
    """The last beat of every policy. Beats come from another thread than the one that draws."""

    def __init__(self, policies: Sequence[str]) -> None:
        self._beats: dict[str, Beat] = {name: Beat(name, "") for name in policies}
        self._country = Beat("", "making")
        self._began = time.monotonic()
        self._said: dict[str, float] = {}
        self._lock = Lock()

    def take(self, beat: Beat) -> None:
        """Remember what is going on."""
        with self._lock:
            if not beat.policy:
                self._country = beat
            elif beat.doing == "counting":
                last = self._beats[beat.policy]
                self._beats[beat.policy] = Beat(beat.policy, beat.doing, 1.0, *_numbers(last))
            else:
                self._beats[beat.policy] = beat

    def line(self, beat: Beat) -> None:
        """Print a line when something begins or ends, and now and then between."""
        self.take(beat)
        now = time.monotonic()
        name = beat.policy or "country"
        is_due = now - self._said.get(name, -_LINE_SECONDS) >= _LINE_SECONDS
        if beat.doing != "playing" or is_due:
            self._said[name] = now
            numbers = ""
            if beat.policy and beat.doing in {"playing", "done"}:
                numbers = (
                    f" {beat.share:4.0%}  payments {beat.payments:,}  reports {beat.reports}"
                    f"  orders {beat.orders}  "
                ) + "  ".join(
                    f"{what} {_money(amount)}"
                    for what, amount in zip(_SUMS, _numbers(beat)[3:], strict=True)
                )
            print(f"{now - self._began:6.1f} s  {name:<10}{beat.doing}{numbers}", flush=True)

    def table(self) -> Table:
        """Return the table as it is now."""
        from rich.table import Table

        with self._lock:
            beats, country = list(self._beats.values()), self._country
        seconds = time.monotonic() - self._began
        title = (
            "making the country"
            if country.doing == "making"
            else "the same crimes, in virtual time"
        )
        table = Table(title=f"{title} · {seconds:.0f} s", expand=False)
        for number, column in enumerate((*_COLUMNS, *_SUMS)):
            table.add_column(column, justify="left" if number < 2 else "right")
        for one in beats:
            doing = f"{one.share:4.0%}" if one.doing == "playing" else one.doing
            payments, reports, orders, *sums = _numbers(one)
            table.add_row(
                *(one.policy, doing, f"{payments:,}", f"{reports:,}", f"{orders:,}"),
                *map(_money, sums),
            )
        return table


def _numbers(beat: Beat) -> tuple[int, ...]:
    return (
        *(beat.payments, beat.reports, beat.orders),
        *(beat.held, beat.intercepted, beat.averted, beat.returned),
    )


def _money(minor: int) -> str:
    return f"{minor // 100:,}"


def print_figures(run: Run) -> None:
    """Print the figures side by side, policies first, then the limits, and what the run took."""
    from recoup.rehearse.figures import FIGURES, Unit

    columns = {name: one.figures for name, one in run.results.items()} | dict(run.limits)
    by_name = {one.name: one for one in FIGURES}

    def shown(name: str, value: float) -> str:
        if by_name[name].unit is Unit.MONEY:
            return format_minor(int(value), 2)
        return f"{value:,}" if by_name[name].unit.is_whole else f"{value:,.2f}"

    print()
    print_table(
        ("", *columns),
        [(name, *(shown(name, one[name]) for one in columns.values())) for name in SHOWN],
    )
    print(
        f"\n{run.country['holders']:,} holders, {run.country['accounts']:,} accounts, "
        f"{run.country['scheduled_payments']:,} payments, {run.country['frauds']} frauds, seed {run.seed}; "
        f"{run.seconds:.1f} s, of these {run.country_seconds:.1f} s for the country; "
        f"{run.workers} processes, {run.memory_bytes / 2**20:,.0f} MiB of memory"
    )


@contextmanager
def sweeping(total: int) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that hears how many points of a sweep are done: a bar on a terminal, plain lines elsewhere."""
    if _is_plain():
        yield lambda _doing, done, points: print(f"sweep: {done} of {points} points", flush=True)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        *(TextColumn("sweep"), BarColumn(), MofNCompleteColumn()),
        *(TimeElapsedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("sweep", total=total)
        yield lambda _doing, done, _total: bar.update(task, completed=done)


def print_sweep(swept: Swept) -> None:
    """Print kept shares by value, with the interval over seeds where there are several."""

    def shown(one: Interval) -> str:
        return f"{one.mean:.1%}" + (f" [{one.low:.1%}, {one.high:.1%}]" if one.seeds > 1 else "")

    names = swept.policies
    print("\nkept, of what is lost when nobody acts")
    print_table(
        (*(term.name for term in swept.terms), *names),
        [
            (*values, *(shown(swept.share(values, name)) for name in names))
            for values in swept.values()
        ],
    )


__all__ = ["SHOWN", "print_figures", "print_sweep", "sweeping", "watching"]
