"""The first sheet of the workbook as lines: sums by rule, what was left out, what made it. No cells are written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recoup.evidence.summary import SUMS, is_conserved, totals_of, versions
from recoup.evidence.texts import both
from recoup.trace.rules import RULES
from recoup.trace.trail import Trail

Cell = str | int | tuple[int, str]
"""Text, a count, or (minor units, currency)."""


@dataclass(frozen=True, slots=True)
class Line:
    """Cells from left to right; a head names the columns of the lines under it."""

    cells: tuple[Cell, ...] = ()
    is_head: bool = False


def overview_lines(
    trail: Trail, sheets: Sequence[tuple[str, int, int]], timezone: str
) -> list[Line]:
    """Return the lines; `sheets` has (name, rows written, rows in all) for every other sheet."""
    dossier = trail.dossier
    lines = [
        Line((both("report"),)),
        Line((both("made_with"), ", ".join(f"{k} {v}" for k, v in versions().items()))),
        Line((both("zone"), timezone)),
        Line((both("rules_run"), ", ".join(map(rule_told, trail.options.rules)))),
        Line((both("claims_count"), trail.claims.height)),
        Line((both("transfers_count"), dossier.transfers.height)),
        Line((both("rejects"), dossier.rows_rejected)),
        Line((both("rows_failed"), dossier.rows_failed)),
        Line((both("conserved"), both(_conserved(trail)))),
        Line(),
        Line(
            (both("rule"), both("currency"), both("claims"), *(both(name) for name in SUMS)),
            is_head=True,
        ),
    ]
    for row in totals_of(trail).iter_rows(named=True):
        money = ((row[name], row["currency"]) for name in SUMS)
        lines.append(Line((rule_told(row["rule"]), row["currency"], row["claims"], *money)))
    lines += [
        Line((rule_told(rule), both("screening")))
        for rule in trail.options.rules
        if not RULES[rule].is_evidence
    ]
    lines += [Line(), Line((both("sheet"), both("rows_here"), both("rows_all")), is_head=True)]
    for name, written, whole in sheets:
        note = () if written == whole else (both("left_out", n=whole - written),)
        lines.append(Line((both(f"sheet_{name}"), written, whole, *note)))
    return lines


def rule_told(rule: str) -> str:
    """Return a rule's name; one that is no evidence says so wherever it stands.

    >>> rule_told("fifo"), rule_told("poison")
    ('fifo', 'poison 仅筛查 screening only')
    """
    return rule if RULES[rule].is_evidence else f"{rule} {both('screening_mark')}"


def _conserved(trail: Trail) -> str:
    """The word for whether every claim adds up; rules without amounts have nothing to add."""
    if not any(RULES[rule].is_evidence for rule in trail.options.rules):
        return "no_amounts"
    return "yes" if is_conserved(trail) else "no"
