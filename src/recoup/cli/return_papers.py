"""The documents of `recoup return`: what is needed is read before any work, all of it is made in memory, then written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recoup.cli.options import file_option
from recoup.errors import InputFault

if TYPE_CHECKING:
    from recoup.paper.returning import Flow, ReturnParticulars, Signer, Templates
    from recoup.records.problems import Problem
    from recoup.returning import OpenReturn
    from recoup.returns import Worked

DocumentsFile = Annotated[
    Path | None,
    file_option("--documents", "Particulars of the case: its documents are written too."),
]
TemplatesFolder = Annotated[
    Path | None,
    typer.Option("--templates", metavar="DIR", help="DOCX templates of your own office."),
]


@dataclass(frozen=True, slots=True)
class PaperWork:
    """What documents are made with."""

    path: Path
    particulars: ReturnParticulars
    templates: Templates
    signer: Signer | None


def open_paper_work(documents: Path | None, templates: Path | None) -> PaperWork | None:
    """Return what documents are made with, None if none are asked for; raise `InputFault` for what cannot be used."""
    if documents is None:
        if templates is not None:
            raise typer.BadParameter("needs --documents", param_hint="--templates")
        return None
    from recoup.paper.returning import Templates, open_signer, read_particulars

    particulars = read_particulars(documents)
    own = Templates.of_folder(templates) if templates is not None else Templates()
    signing = particulars.signing
    signer = open_signer(signing, documents.parent) if signing is not None else None
    return PaperWork(documents, particulars, own, signer)


def documents_of(
    work: PaperWork,
    opened: OpenReturn,
    worked: Worked,
    tables: Mapping[str, str],
    document: Mapping[str, Any],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """Return the documents of a return by file name, with the workbook of its awards.

    Raises:
        InputFault: the particulars speak of a victim, an account or a claim that the return does not have.
        LimitFault: more documents than are made at once.
    """
    from recoup.paper.returning import (
        BOOK,
        ReturnFacts,
        awards_workbook,
        return_documents,
        unmatched,
    )

    if slips := unmatched(work.particulars, worked.plan):
        raise InputFault([_slip(work.path, key) for key in slips])
    facts = ReturnFacts(
        plan=worked.plan,
        digits=opened.digits,
        particulars=work.particulars,
        flows=_flows(opened, worked),
        proof=sha256(tables["awards.csv"].encode()).hexdigest(),
    )
    made = return_documents(facts, templates=work.templates, signer=work.signer, progress=progress)
    made[BOOK] = awards_workbook(tables, document, work.particulars.made_on)
    return made


def _slip(path: Path, key: str) -> Problem:
    from recoup.reading import ADVICE
    from recoup.records.problems import Problem

    code = "papers_invalid"
    return Problem(str(path), "", 0, key, "papers_invalid", "not in this return", ADVICE[code])


def withdraw(out: Path) -> None:
    """Delete the documents of an earlier run, if there are any; nothing is loaded for it otherwise."""
    from recoup.evidence.returns import DOCUMENTS

    if (out / DOCUMENTS).is_dir():
        from recoup.paper.returning import withdraw_documents

        withdraw_documents(out / DOCUMENTS)


def write_documents(out: Path, made: Mapping[str, bytes]) -> None:
    """Write documents into their folder of the results, all or none; raise `OSError` when it cannot be written."""
    from recoup.evidence.returns import DOCUMENTS
    from recoup.evidence.staging import staged

    with staged(out / DOCUMENTS) as stage:
        for name, data in made.items():
            (stage / name).write_bytes(data)


def _flows(opened: OpenReturn, worked: Worked) -> tuple[Flow, ...]:
    """Return the transfers by which awarded claims' money came to the pots, by claim, in the order of the ledger."""
    import polars as pl

    from recoup.paper.returning import Flow
    from recoup.trace.trace import find
    from recoup.trace.trail import Options

    scene, plan = opened.case.scene, worked.plan
    found = find(scene, plan.policy.lead, Options(rules=(plan.policy.lead,)), None).flows
    awarded = sorted({award.claim for award in plan.awards})
    columns = ("id", "time", "payer", "payee", "currency", "amount", "reference")
    moved = scene.dossier.transfers.select(columns).with_row_index("order")
    rows = (
        found.filter(pl.col("claim").is_in(awarded))
        .rename({"amount": "traced"})
        .join(moved, left_on="transfer", right_on="id", how="inner")
        .sort("claim", "order", descending=[False, True])
    )
    pots = {award.place for award in plan.awards}
    reaching: dict[str, set[tuple[str, str]]] = {name: set(pots) for name in awarded}
    flows = []
    for row in rows.iter_rows(
        named=True
    ):  # from the last to the first: what leads on is known before
        lead = reaching[row["claim"]]
        if (row["payee"], row["currency"]) not in lead:
            continue
        lead.add((row["payer"], row["currency"]))
        flows.append(
            Flow(
                claim=row["claim"],
                level=row["depth"],
                at=row["time"],
                payer=row["payer"] or "",
                payee=row["payee"],
                currency=row["currency"],
                amount=row["amount"],
                traced=row["traced"],
                reference=row["reference"] or row["transfer"],
            )
        )
    order = {name: at for at, name in enumerate(awarded)}
    flows.reverse()
    return tuple(sorted(flows, key=lambda flow: order[flow.claim]))


def write_templates(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the templates.")],
) -> None:
    """Write the DOCX templates of all documents, to be changed by your office and given back with --templates.

    Exit code 0: written; 2: the folder has one of them already, or cannot be written.
    """
    import sys

    from recoup.paper.returning import Kind, template_docx, template_names
    from recoup.paper.words import LANGUAGES

    there = [name for name in template_names() if (folder / name).exists()]
    if there:
        print(f"{folder / there[0]}: is there already and is not replaced", file=sys.stderr)
        raise typer.Exit(2)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in Kind:
            for language in LANGUAGES:
                path = folder / f"{kind}.{language}.docx"
                path.write_bytes(template_docx(kind, language))
    except OSError as fault:
        print(f"{fault}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{len(template_names())} templates: {folder}")


__all__ = [
    "DocumentsFile",
    "PaperWork",
    "TemplatesFolder",
    "documents_of",
    "open_paper_work",
    "withdraw",
    "write_documents",
    "write_templates",
]
