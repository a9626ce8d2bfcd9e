"""The report `evidence.pdf`: a trail as a document for a court, PDF/A-2b, set by typst with a font that has Chinese.

The same trail and arguments give the same bytes: no clock is read, the date is an argument or that of the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import typst

from recoup.evidence.report.blocks import Speech
from recoup.evidence.report.content import Request, report_content
from recoup.evidence.rows import Rows, rows_of
from recoup.evidence.summary import data_time
from recoup.evidence.wording import LANGUAGES, Language
from recoup.glyphs import all_printable
from recoup.trace.rules import RULES
from recoup.trace.trail import Trail

__all__ = ["pdf_bytes", "write_pdf"]

_BOLD: Final = ",".join(f"[font-weight='{weight}']" for weight in ("600", "650", "700", "bold"))
_WEIGHTS: Final = (
    f"svg{{font-variation-settings:'wght' 400}}{_BOLD}{{font-variation-settings:'wght' 650}}"
)


def write_pdf(
    trail: Trail,
    path: Path | str,
    *,
    language: Language = "zh",
    picture_svg: str | None = None,
    rule: str = "",
    case: str = "",
    command: str = "",
    timezone: str = "UTC",
    made_at: datetime | None = None,
    results: Mapping[str, str] | None = None,
    rows: Rows | None = None,
) -> None:
    """Write the report on `trail` to `path`; see `pdf_bytes`. Raises `OSError` when the file cannot be written."""
    document = pdf_bytes(
        trail,
        language=language,
        picture_svg=picture_svg,
        rule=rule,
        case=case,
        command=command,
        timezone=timezone,
        made_at=made_at,
        results=results,
        rows=rows,
    )
    Path(path).write_bytes(document)


def pdf_bytes(
    trail: Trail,
    *,
    language: Language = "zh",
    picture_svg: str | None = None,
    rule: str = "",
    case: str = "",
    command: str = "",
    timezone: str = "UTC",
    made_at: datetime | None = None,
    results: Mapping[str, str] | None = None,
    rows: Rows | None = None,
) -> bytes:
    """Return the report as PDF/A-2b. A large trail is shown by its heaviest rows, and the report says what it leaves out.

    Args:
        trail: what was traced.
        language: zh or en.
        picture_svg: the picture of the trail, from `recoup.evidence.picture_svg`; left out if there is none.
        rule: the rule the report is about; the first evidence rule of the trail if it is not given.
        case: the title of the case, for the head of every page.
        command: the command line that made the trail; put together from the trail if it is not given.
        timezone: IANA name of the zone in which times are shown.
        made_at: the date of the report; the document carries that of the data if it is not given.
        results: digests of the result files by name, to bind the report to them.
        rows: `rows_of(trail)`, if it is at hand.

    Raises:
        ValueError: for a language other than zh and en, or a rule that did not run.
    """
    if language not in LANGUAGES:
        raise ValueError(f"expected one of {', '.join(LANGUAGES)}, was {language!r}")
    chosen = rule or next(
        (name for name in trail.options.rules if RULES[name].is_evidence), trail.options.rules[0]
    )
    if chosen not in trail.options.rules:
        raise ValueError(f"expected one of {', '.join(trail.options.rules)}, was {chosen!r}")
    # A rule with reach only has no sums; its claims still have a currency.
    currencies = pl.concat([trail.summary["currency"], trail.claims["currency"]]).unique().to_list()
    only = currencies[0] if len(currencies) == 1 else ""
    speech = Speech(language, ZoneInfo(timezone), trail.dossier.digits, only)
    request = Request(chosen, case, command, made_at, picture_svg is not None, results or {})
    content = report_content(trail, rows or rows_of(trail), request, speech)
    if picture_svg is not None:
        content["picture"] = _weighted(picture_svg)
    return _set(content, made_at or data_time(trail))


def _weighted(svg: str) -> str:
    """Return the picture with its weights said in the font's own axis: without that, typst draws a variable font thin."""
    head, mark, body = svg.partition(">")
    return f"{head}{mark}<style>{_WEIGHTS}</style>{body}"


def _set(content: Mapping[str, object], stamp: datetime) -> bytes:
    """Have typst set the template with the content."""
    template = resources.files("recoup.evidence.report").joinpath("assets/report.typ").read_bytes()
    made = typst.compile(
        template,
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(all_printable(content), ensure_ascii=False)},
        pdf_standards="a-2b",
        timestamp=int(stamp.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts that come with packages, never the machine's: Noto Sans CJK (OFL), and the monospaced one of typst."""
    folder = Path(str(resources.files("manimgx_fonts_cjk")))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
