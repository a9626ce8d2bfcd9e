"""How each document of a return is built up: which fields, sentences and tables in which order. No words and no values.

One layout serves the PDF and the DOCX template, so that both have the same fields [return-rules art. 6].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.paper.returning.wording import PHRASES


class Kind(StrEnum):
    """A document of a return."""

    APPLICATION = "application"
    """返还申请表: the victim's, with the opinions of the unit that took the case and the unit that froze."""
    FLOWS = "flows"
    """资金流向表: how the money came to the frozen accounts."""
    REPORT = "report"
    """呈请返还资金报告书: what is asked of whoever approves [criminal-procedure art. 245]."""
    DECISION = "decision"
    """返还决定书 with its stub: one payment."""
    ASSIST = "assist"
    """协助返还通知书 with the bank's receipt: one payment [return-rules art. 12]."""
    NOTICE = "notice"
    """公告: what is shared pro rata; names nobody."""
    OBJECTION = "objection"
    """异议审查决定书."""
    LETTER = "letter"
    """What a victim is told."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Lines of name and value."""

    names: tuple[str, ...]
    is_tall: bool = False
    """Whether each line has room for writing by hand."""


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; its phrase may name fields."""

    phrase: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What a part is called."""

    phrase: str
    is_new_page: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one row for each thing."""

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signing:
    """Lines to sign on, each under its words; a seal goes over them."""

    names: tuple[str, ...]


Block = Fields | Words | Heading | Table | Signing

_SEAL: Final = Signing(("seal", "date_line"))
_HANDLED: Final = Signing(("sign_officer_1", "sign_officer_2", "seal", "date_line"))
_PROOF: Final = Words("proof")

LAYOUTS: Final[dict[Kind, tuple[Block, ...]]] = {
    Kind.APPLICATION: (
        Heading("applicant"),
        Fields(
            (
                *("victim_name", "victim_sex", "victim_id", "victim_address", "victim_phone"),
                *("return_bank", "return_account", "return_account_name", "agent"),
            )
        ),
        Words("declaration"),
        Signing(("sign_victim", "date_line")),
        Heading("filing_part"),
        Fields(
            (
                *("filing_unit", "filing_number", "involved_account", "loss", "loss_words"),
                *("officer_1", "officer_2"),
            )
        ),
        Fields(("opinion",), is_tall=True),
        _HANDLED,
        Heading("freezing_part", is_new_page=True),
        Fields(("freezing_unit", "officer_1", "officer_2")),
        Table("pots", ("frozen_account", "frozen_bank", "frozen_amount", "award"), (5, 4, 3, 3)),
        Fields(("opinion",), is_tall=True),
        _HANDLED,
    ),
    Kind.FLOWS: (
        Fields(("case_number", "case_name", "freezing_unit", "flow_rule", "timezone", "made_on")),
        Table(
            "flows",
            ("level", "time", "claim", "payer", "payee", "transferred", "traced", "reference"),
            (8, 18, 18, 34, 34, 22, 22, 16),
        ),
        Words("flows_left_out"),
        _PROOF,
        _HANDLED,
    ),
    Kind.REPORT: (
        Fields(("instruction", "review"), is_tall=True),
        Words("report_body"),
        Table(
            "payments",
            (
                *("claim", "victim_name", "frozen_account", "return_bank", "return_account"),
                *("award", "basis"),
            ),
            (17, 18, 34, 22, 34, 22, 25),
        ),
        Fields(("total", "total_words", "law", "policy")),
        _PROOF,
        Fields(("freezing_unit", "officer_1", "officer_2")),
        _HANDLED,
    ),
    Kind.DECISION: (
        Heading("stub"),
        Fields(
            (
                *(
                    "decision_number",
                    "case_name",
                    "case_number",
                    "victim_name",
                    "amount",
                    "approver",
                ),
                *("approving_unit", "officer_1", "officer_2", "made_on"),
            )
        ),
        Heading("decision_part", is_new_page=True),
        Fields(("decision_number", "approving_unit")),
        Words("decision_body"),
        Words("decision_order"),
        Fields(("amount", "amount_words", "basis")),
        _PROOF,
        _SEAL,
    ),
    Kind.ASSIST: (
        Words("assist_to"),
        Words("assist_body"),
        Fields(
            (
                *(
                    "decision_number",
                    "case_number",
                    "frozen_bank",
                    "frozen_account",
                    "frozen_holder",
                ),
                *("amount", "amount_words", "return_bank", "return_account", "return_account_name"),
            )
        ),
        Fields(("officer_1", "officer_2", "phone", "due_on")),
        Words("assist_limits"),
        _SEAL,
        Heading("receipt_part", is_new_page=True),
        Fields(("decision_number", "case_number", "frozen_account", "return_account", "amount")),
        Fields(
            (
                *("bank_outcome", "bank_amount", "bank_time", "bank_serial", "bank_correction"),
                *("bank_left", "bank_handler", "bank_phone"),
            ),
            is_tall=True,
        ),
        Signing(("bank_seal", "date_line")),
    ),
    Kind.NOTICE: (
        Words("notice_body"),
        Fields(
            ("case_number", "case_name", "notice_begins", "notice_ends", "notice_place", "phone")
        ),
        Table("shared_pots", ("frozen_tail", "frozen_bank", "shared_amount"), (5, 5, 4)),
        Table("shares", ("claim", "missing", "award", "ratio"), (4, 4, 4, 3)),
        Words("notice_objections"),
        Words("notice_careful"),
        _PROOF,
        _SEAL,
    ),
    Kind.OBJECTION: (
        Fields(("case_number", "case_name", "objector", "filed_on", "grounds")),
        Words("objection_body"),
        Fields(("outcome", "reasons", "law", "decided_on")),
        Fields(("officer_1", "officer_2")),
        _HANDLED,
    ),
    Kind.LETTER: (
        Words("letter_to"),
        Words("letter_now"),
        Fields(("case_number", "amount", "amount_words", "return_tail", "code")),
        Heading("letter_next"),
        Words("letter_next_words"),
        Words("letter_free"),
        Words("letter_check"),
        _SEAL,
    ),
}

_NAMED: Final = re.compile(r"\{([a-z_0-9]+)\}")


def fields_of(kind: Kind) -> tuple[str, ...]:
    """Return the fields that a document has, each once, in their order; a table's as `table.column`.

    >>> "decision_number" in fields_of(Kind.DECISION)
    True
    """
    names: dict[str, None] = {}
    for block in LAYOUTS[kind]:
        match block:
            case Fields():
                names.update(dict.fromkeys(block.names))
            case Words():
                names.update(dict.fromkeys(_NAMED.findall(PHRASES[block.phrase][0])))
            case Table():
                names.update(dict.fromkeys(f"{block.name}.{x}" for x in block.columns))
    return tuple(names)


__all__ = [
    "LAYOUTS",
    "Block",
    "Fields",
    "Heading",
    "Kind",
    "Signing",
    "Table",
    "Words",
    "fields_of",
]
