"""`recoup policy`: shows the terms of a jurisdiction with their sources, and checks a policy file. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recoup.orders import OrderKind

if TYPE_CHECKING:
    from recoup.care import CareTerms
    from recoup.cases import CasePolicy
    from recoup.orders import Levels, Policy
    from recoup.procedure import ReturnTerms

_EXAMPLE = "Example: recoup policy cn-2016"


def register(app: typer.Typer) -> None:
    """Add the command `policy` to the program."""
    app.command("policy", epilog=_EXAMPLE)(policy)


def policy(
    name: Annotated[
        str,
        typer.Argument(
            help="A policy that comes with the program, or a TOML file of the same form."
        ),
    ] = "",
) -> None:
    """Show how long stops and freezes last, how often, who must agree, and how sure that is.

    Without a name: the policies that come with the program. A file that cannot be used is refused, naming the term.
    """
    from recoup.errors import PolicyFault
    from recoup.reading.policies import read_case_policy, shipped

    if not name:
        typer.echo("\n".join(shipped()))
        return
    try:
        found = read_case_policy(name)
    except PolicyFault as fault:
        typer.echo(f"recoup policy: {fault}", err=True)
        raise typer.Exit(2) from fault
    typer.echo(
        "\n".join(
            "\t".join(line)
            for line in (
                *lines_of(found.orders),
                *case_lines_of(found),
                *level_lines_of(found.levels),
                *return_lines_of(found.procedure),
                *care_lines_of(found.care),
            )
        )
    )


def lines_of(policy: Policy) -> list[tuple[str, str, str, str]]:
    """Return a heading and one line a term: term, value, source, standing."""
    unlimited = "unlimited" if policy.renewals_max is None else str(policy.renewals_max)
    values = {
        "timezone": policy.timezone,
        "stop_seconds": str(policy.stop_seconds),
        "stops_max": str(policy.stops_max),
        "can_shrink_stop": "yes" if policy.can_shrink_stop else "no",
        "freeze_months": str(policy.freeze_months),
        "renewals_max": unlimited,
        "watch_seconds": str(policy.watch_seconds),
        "approvals_protected": str(policy.approvals_protected),
        "answer_seconds": " ".join(f"{k}={v}" for k, v in policy.answer_seconds.items()),
        "approvals": " ".join(f"{k}={v}" for k, v in policy.approvals.items()),
    }
    for sort, kinds in policy.powers.items():
        values[f"powers.{sort}"] = " ".join(kind for kind in OrderKind if kind in kinds)
    return [
        ("term", "value", "source", "standing"),
        *((g.term, values[g.term], g.source, g.standing.value) for g in policy.grounds),
    ]


def case_lines_of(policy: CasePolicy) -> list[tuple[str, str, str, str]]:
    """Return one line for each term of cases."""
    points = " ".join(f"{second}s={chance}" for second, chance in policy.dwell.points)
    values = {
        g.term: points if g.term == "dwell" else str(getattr(policy, g.term))
        for g in policy.grounds
    }
    return [(g.term, values[g.term], g.source, g.standing.value) for g in policy.grounds]


def level_lines_of(levels: Levels) -> list[tuple[str, str, str, str]]:
    """Return one line for each thing that a level of unit must agree to."""
    values = {row.value: level.value for row, level in levels.rows.items()}
    bands = [
        (
            f"{band.level} up to {band.amount_max} {levels.currency}, {band.hops_max} hops",
            band.ground,
        )
        for band in levels.bands
    ]
    return [
        *(
            (f"level of {g.term}", values[g.term], g.source, g.standing.value)
            for g in levels.grounds
        ),
        *(("level of mandate", value, g.source, g.standing.value) for value, g in bands),
    ]


def return_lines_of(terms: ReturnTerms | None) -> list[tuple[str, str, str, str]]:
    """Return one line for each term of giving money back, and one for each year whose working days are told."""
    if terms is None:
        return []
    return [
        *(
            (f"return {g.term}", str(getattr(terms, g.term)), g.source, g.standing.value)
            for g in terms.grounds
        ),
        *(
            (f"working days of {row.year}", terms.calendar.id, row.source, row.standing.value)
            for row in terms.calendar.years
        ),
    ]


def care_lines_of(terms: CareTerms | None) -> list[tuple[str, str, str, str]]:
    """Return one line for each term of measures of accounts and warnings of payers."""
    if terms is None:
        return []
    values = {
        kind.value: f"{row.seconds} s, {row.persons} beside the maker"
        + (", ends when the holder is verified" if row.is_lifted_by_proof else "")
        for kind, row in terms.measures.items()
    }
    values |= {
        grade.value: " ".join(f"{step}={seconds}s" for step, seconds in steps.items())
        for grade, steps in terms.steps.items()
    }
    return [
        (
            f"care {g.term}",
            values.get(g.term) or str(getattr(terms, g.term)),
            g.source,
            g.standing.value,
        )
        for g in terms.grounds
    ]
