"""What a result rests on beside the statements, as English sentences: openings, assumed credits, cuts, links.

The evidence turns them into the language asked for.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recoup.money import Digits, format_minor
from recoup.records.dossier import Dossier
from recoup.trace.assemble import Names, Scene, instants
from recoup.trace.openings import BASES
from recoup.trace.trail import Options, instant_text, length_text

_OPENINGS: Final = {
    "given": "was given in a file",
    "stated": "follows from stated balances",
    "smallest": "is assumed: the smallest that keeps the account from going negative over all rows given",
}


def _assumed_sentences(scene: Scene, only: pl.DataFrame | None = None) -> list[str]:
    """Return a sentence for every pocket (of the accounts and currencies in `only`) that needed an assumed credit."""
    credits, names = scene.events.assumed, Names(scene)
    table = pl.DataFrame(
        {
            "account": names.account(credits.pocket),
            "currency": names.currency(credits.pocket),
            "amount": credits.amount,
            "time": instants(credits.time),
            "is_hold": credits.is_hold,
        }
    ).filter(pl.col("time").dt.epoch("us") <= scene.events.last_time)
    if only is not None:
        table = table.join(only, on=["account", "currency"], how="semi")
    groups = table.group_by("account", "currency", "is_hold").agg(
        pl.col("amount").sum(), pl.col("time").min()
    )
    return [
        f"{'A hold on account' if is_hold else 'Account'} {account} "
        f"{'is contradicted by debits' if is_hold else 'would have gone below zero'} from {time:%Y-%m-%dT%H:%M:%SZ}: "
        f"credits of {format_minor(amount, scene.dossier.digits.of(currency))} {currency} were assumed."
        for account, currency, is_hold, amount, time in groups.sort(
            "account", "currency", "is_hold"
        ).iter_rows()
    ]


def _asked_sentences(options: Options, digits: Digits) -> list[str]:
    """Return a sentence for every cut that was asked for: each figure is another one without it."""
    out = []
    if options.as_of is not None:
        out.append(f"The result is cut: it stands as at {instant_text(options.as_of)}, inclusive.")
    if options.horizon is not None:
        span = length_text(options.horizon)
        out.append(
            f"Each claim was followed for {span} after its disputed transfer; its money counts where it lay then."
        )
    if options.dust:
        floors = ", ".join(
            f"{format_minor(floor, digits.of(currency))} {currency}"
            for currency, floor in sorted(options.dust.items())
        )
        out.append(f"Parts of one transfer below {floors} were dropped into the residual.")
    return out


def _idle_hold_sentences(dossier: Dossier) -> list[str]:
    """Return a sentence for every hold on an account that no row names in that currency: a slip of the pen, mostly."""
    rows = dossier.transfers
    named = pl.concat([rows.select("currency", account=side) for side in ("payer", "payee")])
    idle = dossier.holds.join(named.unique(), on=["account", "currency"], how="anti")
    return [
        f"The hold on account {account} keeps nothing: no row given names the account in {currency}."
        for account, currency in idle.select("account", "currency").iter_rows()
    ]


def _beyond_statements(scene: Scene, options: Options) -> list[str]:
    """Return a sentence for each way in which the trail goes on where no statement was given."""
    out = []
    if options.bridge:
        out.append(
            "Debits of accounts without a statement were followed where other statements show them, and marked inferred."
        )
    links = scene.dossier.links
    if not links.is_empty():
        authors = ", ".join(sorted({name for name in links["author"] if name})) or "nobody named"
        out.append(
            f"{len(links)} links were asserted by {authors}; what crossed them is marked asserted."
        )
    return out


def assumptions_of(scene: Scene, accounts: pl.DataFrame, options: Options) -> tuple[str, ...]:
    """Return what the result rests on, as sentences: what was asked first, since it bounds every figure."""
    out = _asked_sentences(options, scene.dossier.digits)
    known = accounts.filter(pl.col("standing") == "known")
    counts = dict(known["opening_basis"].value_counts().iter_rows())
    out += [
        f"The opening balance of {counts[basis]} of the accounts reached {words}; each stands in the list of accounts."
        for basis, words in _OPENINGS.items()
        if counts.get(basis)
    ]
    out += _assumed_sentences(scene)
    out += _idle_hold_sentences(scene.dossier)
    late = scene.claims.filter(pl.Series(scene.events.root >= scene.events.stop))["claim"]
    out += [
        f"Claim {claim} disputes a transfer after the as-of time; its loss counts as zero."
        for claim in late
    ]
    early = scene.claims.filter(pl.Series(scene.events.cut == 0))["claim"]
    out += [
        f"Claim {claim} disputes a transfer before the since time and was not followed."
        for claim in early
    ]
    out += _beyond_statements(scene, options)
    return tuple(dict.fromkeys(out))


def loose_sentence(loose: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sentence that names the claims whose bound was not computed to the end."""
    if not loose:
        return ()
    return (
        f"The figure recoverable is a looser bound, the loss itself, for claims {', '.join(loose)}: more takes too many steps.",
    )


def back_assumptions(scene: Scene, sources: pl.DataFrame, options: Options) -> tuple[str, ...]:
    """Return what the sources of a backward trace (schema SOURCES) rest on: cuts, openings and credits they name, links."""
    digits = scene.dossier.digits
    out = _asked_sentences(Options(as_of=options.as_of), digits)
    if options.since is not None:
        out.append(
            f"The way back ends at {instant_text(options.since)}: what lay in an account before is a source of its own."
        )
    if options.horizon is not None:
        out.append(
            f"The way back ends {length_text(options.horizon)} before the target:"
            " what lay in an account before is a source of its own."
        )
    opened = sources.filter(pl.col("source") == "opening").select("account", "currency").unique()
    bases = [
        BASES[int(scene.openings.basis[scene.ledger.pocket(account, currency)])]
        for account, currency in opened.iter_rows()
    ]
    out += [
        f"The opening balance of {bases.count(basis)} of the accounts that money came from {words}."
        for basis, words in _OPENINGS.items()
        if basis in bases
    ]
    assumed = sources.filter(pl.col("source") == "assumed").select("account", "currency").unique()
    out += _assumed_sentences(scene, assumed)
    out += _beyond_statements(scene, options)
    return tuple(dict.fromkeys(out))


__all__ = ["assumptions_of", "back_assumptions", "loose_sentence"]
