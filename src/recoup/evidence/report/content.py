"""What the report says, section by section, as values for the template. Sums come from the trail; nothing is traced here."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from recoup._version import __version__
from recoup.evidence.assumed import in_language
from recoup.evidence.drawing import COLOURS
from recoup.evidence.report.annexes import accounts_annex, exits_annex, flows_annex, unknown_annex
from recoup.evidence.report.blocks import (
    Block,
    Column,
    Speech,
    heading,
    note,
    shorten,
    source_number,
    table,
    text,
)
from recoup.evidence.report.findings import claims_found, range_found
from recoup.evidence.rows import Rows
from recoup.evidence.summary import PLACES, data_time, totals_of, versions
from recoup.glyphs import FONT
from recoup.trace.rules import RANGE, RULES
from recoup.trace.trail import Trail, instant_text, length_text

SOURCES_MAX: Final = 150
ASSUMPTIONS_MAX: Final = 60
COMMAND_CHARS_MAX: Final = 44
"""Of a line of the command: so many Chinese signs fit."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller asked of the report beside the trail."""

    rule: str
    case: str
    command: str
    made_at: datetime | None
    has_picture: bool
    results: Mapping[str, str] = field(default_factory=dict)
    """Digests of the result files by name."""


def report_content(trail: Trail, rows: Rows, request: Request, speech: Speech) -> dict[str, Any]:
    """Return the whole report as JSON values: heads, facts, sections of blocks."""
    say = speech.say
    annexes: list[tuple[str, list[Block]]] = (
        [("picture", [{"kind": "picture"}])] if request.has_picture else []
    )
    annexes += [
        ("annex_accounts", accounts_annex(trail, request.rule, speech)),
        ("annex_flows", flows_annex(trail, rows, request.rule, speech)),
        ("annex_exits", exits_annex(trail, rows, request.rule, speech)),
        ("annex_unknown", unknown_annex(trail, rows, request.rule, speech)),
    ]
    wide = [
        {"number": "", "title": say(key), "blocks": blocks, "wide": True} for key, blocks in annexes
    ]
    parts: list[tuple[str, list[Block]]] = [
        ("question", _question(trail, request, speech)),
        ("rule", _rule(trail, request, speech)),
        (
            "findings" if RULES[request.rule].is_evidence else "reach_found",
            claims_found(trail, request.rule, speech),
        ),
    ]
    if span := range_found(trail, speech):
        parts.append(("range", span))
    inputs_number = len(parts) + 2
    parts += [
        ("assumptions", _assumptions(trail, request, speech)),
        ("inputs", _inputs(trail, speech)),
        ("recompute", _recompute(trail, request, speech, inputs_number)),
    ]
    plain = [
        {"number": str(number), "title": say(key), "blocks": blocks, "wide": False}
        for number, (key, blocks) in enumerate(parts, 1)
    ]
    return {
        "title": say("title"),
        "case": shorten(request.case),
        "author": f"recoup {__version__}",
        "keywords": [request.rule],
        "font": FONT,
        "lang": speech.language,
        "region": "CN" if speech.language == "zh" else "GB",
        "header_left": shorten(request.case) or say("title"),
        "header_right": say("fact_rule")
        + ("：" if speech.language == "zh" else ": ")
        + say(f"rule_{request.rule}"),
        "footer": say("made_by", version=__version__),
        "page_words": say("page", page="{page}", pages="{pages}"),
        "picture_alt": say("picture"),
        "colours": {name: COLOURS[name] for name in ("located", "held", "exited", "unknown")}
        | {"residual": COLOURS["others"]},
        "facts": _facts(trail, request, speech),
        "sections": [*plain, *wide],
    }


def _facts(trail: Trail, request: Request, speech: Speech) -> list[list[str]]:
    say, dossier = speech.say, trail.dossier
    counts = _counts(trail)
    facts = [
        (say("fact_rule"), say(f"rule_{request.rule}")),
        (say("fact_claims"), say("fact_claims_value", **counts)),
        (say("fact_until"), f"{speech.time(data_time(trail))}"),
        (say("fact_zone"), speech.zone.key),
        (
            say("fact_rows"),
            say(
                "fact_rows_value",
                transfers=f"{dossier.transfers.height:,}",
                sources=len(dossier.sources),
            ),
        ),
    ]
    if speech.currency:
        facts.insert(2, (say("fact_currency"), speech.currency))
    if request.made_at:
        facts.append((say("fact_made"), speech.time(request.made_at)[:10]))
    return [list(fact) for fact in facts]


def _counts(trail: Trail) -> dict[str, str]:
    claims = trail.claims
    return {"claims": f"{claims.height:,}", "victims": f"{claims['victim'].n_unique():,}"}


def _question(trail: Trail, request: Request, speech: Speech) -> list[Block]:
    lost = trail.claims.group_by("currency").agg(pl.col("loss").sum()).sort("currency")
    is_evidence = RULES[request.rule].is_evidence
    words = speech.say(
        "question_text" if is_evidence else "question_reach",
        **_counts(trail),
        loss=speech.sums(dict(lost.iter_rows())),
        until=speech.time(data_time(trail)),
    )
    if not is_evidence:
        return [{"kind": "warning", "text": speech.say("screening")}, text(words)]
    totals = totals_of(trail).filter(pl.col("rule") == request.rule)
    bars = [_bar(row, speech) for row in totals.iter_rows(named=True)]
    return [text(words), *bars, note(speech.say("terms"))]


def _bar(row: Mapping[str, Any], speech: Speech) -> Block:
    """One bar for a currency's sums: what is located (held apart), exited, unknown, residual."""
    free = row["located"] - row["held"]
    parts = [
        ("held", row["held"], "held"),
        ("located", free, "legend_free" if row["held"] else "located"),
    ]
    parts += [(name, row[name], name) for name in PLACES if name != "located"]
    loss = row["loss"]
    return {
        "kind": "bar",
        "parts": [
            {
                "key": key,
                "label": speech.say(label),
                "share": 1000 * amount // loss if loss else 0,
                "amount": speech.sum(amount, row["currency"]),
                "percent": f"{_tenths(amount, loss)} %",
            }
            for key, amount, label in parts
            if amount or key in {"located", "exited", "unknown"}
        ],
    }


def _tenths(part: int, whole: int) -> str:
    """A percentage with one decimal, rounded down, without floats."""
    permille = 1000 * part // whole if whole else 0
    return f"{permille // 10}.{permille % 10}"


def _rule(trail: Trail, request: Request, speech: Speech) -> list[Block]:
    others = len([rule for rule in trail.options.rules if rule in RANGE]) > 1
    blocks = [text(speech.say("rule_choice")), text(speech.say(f"rule_text_{request.rule}"))]
    if RULES[request.rule].is_evidence:
        return [*blocks, text(speech.say("rule_others" if others else "rule_only"))]
    return [{"kind": "warning", "text": speech.say("screening")}, *blocks]


def _assumptions(trail: Trail, request: Request, speech: Speech) -> list[Block]:
    """What the result rests on, and what this document leaves out. Comes after all tables were made."""
    say, dossier = speech.say, trail.dossier
    items = [
        in_language(sentence, speech.language) for sentence in trail.assumptions[:ASSUMPTIONS_MAX]
    ]
    if len(trail.assumptions) > ASSUMPTIONS_MAX:
        speech.left_out.append((say("assumptions"), ASSUMPTIONS_MAX, len(trail.assumptions)))
    for name, count in (
        ("limit_rejects", dossier.rows_rejected),
        ("limit_failed", dossier.rows_failed),
        ("limit_doubtful", dossier.doubtful.height),
    ):
        items += [say(name, n=count)] if count else []
    mine = trail.summary.filter(pl.col("rule") == request.rule)
    parts = {
        name: speech.sums(
            {
                code: total
                for code, total in mine.group_by("currency")
                .agg(pl.col(name).sum())
                .sort("currency")
                .iter_rows()
                if total
            }
        )
        for name in ("inferred", "asserted")
    }
    if mine["inferred"].sum() or mine["asserted"].sum():
        items.append(say("limit_inferred", **parts))
    if speech.left_out:
        told = [
            say("left_out_part", name=name, shown=shown, all=whole)
            for name, shown, whole in speech.left_out
        ]
        items.append(
            say("limit_left_out", parts=("；" if speech.language == "zh" else "; ").join(told))
        )
    return [{"kind": "list", "items": items}] if items else [text(say("assumptions_none"))]


def _inputs(trail: Trail, speech: Speech) -> list[Block]:
    """The sources by number, as the annexes cite them; a file's digest stands at its first sheet."""
    say, sources = speech.say, trail.dossier.sources
    columns = [
        Column(say("source_number"), "text", 0.8),
        Column(say("file"), "id", 3),
        Column(say("sheet"), "id", 2.6),
        Column(say("rows"), "count", 0.9),
        Column(say("supplied"), "text", 2.4),
        Column(say("digest"), "digest", 3.6),
    ]
    seen: set[str] = set()
    rows = []
    for number, source in enumerate(sources[:SOURCES_MAX], 1):
        supplied = filter(None, (source.supplied_by, source.supplied_at, source.document))
        is_new = source.file not in seen
        seen.add(source.file)
        rows.append(
            [source_number(number - 1), source.file if is_new else "", source.sheet]
            + [f"{source.rows_count:,}"]
            + (["\n".join(supplied), source.sha256] if is_new else ["", ""])
        )
    blocks = [text(say("inputs_text")), table(columns, rows)]
    if len(sources) > SOURCES_MAX:
        part = say("left_out_part", name=say("inputs"), shown=SOURCES_MAX, all=len(sources))
        blocks.append(note(part + " (summary.json)"))
    return blocks


def _recompute(trail: Trail, request: Request, speech: Speech, section: int) -> list[Block]:
    say = speech.say
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    blocks: list[Block] = [
        {"kind": "steps", "items": say("recompute_steps", section=section).split("\n")},
        {"kind": "code", "lines": command_lines(request.command or command_of(trail))},
        text(say("versions") + ("：" if speech.language == "zh" else ": ") + made),
    ]
    if request.results:
        columns = [Column(say("file"), "text", 1), Column(say("digest"), "digest", 3)]
        rows = [list(item) for item in sorted(request.results.items())]
        blocks += [heading(say("results")), table(columns, rows)]
    return [
        *blocks,
        {
            "kind": "lines",
            "items": [say(key) for key in ("sign_made", "sign_checked", "sign_date")],
        },
    ]


def command_lines(command: str) -> list[str]:
    r"""Return a command line as lines that a shell joins again: copied from the document, they run.

    Options begin a line of their own; a word too long for a line is parted by a backslash at its end.

    >>> for line in command_lines("recoup trace a.csv --claims 'b c.csv' --out d"):
    ...     print(line)
    recoup trace a.csv \
      --claims 'b c.csv' \
      --out d
    """
    lines: list[str] = []
    for word in shlex.split(command):
        first, *more = (
            shlex.quote(word[i : i + COMMAND_CHARS_MAX])
            for i in range(0, max(len(word), 1), COMMAND_CHARS_MAX)
        )
        is_new = (
            word.startswith("--") or not lines or len(lines[-1]) + len(first) > COMMAND_CHARS_MAX
        )
        if is_new and lines:
            lines[-1] += " \\"
            lines.append(f"  {first}")
        elif is_new:
            lines.append(first)
        else:
            lines[-1] += f" {first}"
        for part in more:
            lines[-1] += "\\"
            lines.append(part)
    return lines


def command_of(trail: Trail) -> str:
    """Return a command line that would make this trail, from what the trail knows; what it does not know is in capitals."""
    transfers, sources = trail.dossier.transfers, trail.dossier.sources
    shown = pl.concat([transfers["source"], transfers["other_source"]]).drop_nulls().unique().sort()
    files = list(dict.fromkeys(sources[i].file for i in shown))
    words = [
        "recoup",
        "trace",
        *(shlex.quote(file) for file in files[:20]),
        *(["..."] if len(files) > 20 else []),
        "--claims",
        "CLAIMS",
    ]
    for rule in trail.options.rules:
        words += ["--rule", rule]
    if trail.options.bridge:
        words.append("--bridge")
    for flag, time in (("--as-of", trail.options.as_of), ("--since", trail.options.since)):
        words += [flag, instant_text(time)] if time else []
    words += ["--horizon", length_text(trail.options.horizon)] if trail.options.horizon else []
    dossier = trail.given or trail.dossier
    for name, is_given in (
        ("known", dossier.known is not None),
        ("terminal", bool(dossier.terminal)),
        ("opening", not dossier.openings.is_empty()),
        ("holds", not dossier.holds.is_empty()),
        ("links", not dossier.links.is_empty()),
        ("dust", bool(trail.options.dust)),
    ):
        words += [f"--{name}", name.upper()] if is_given else []
    return " ".join([*words, "--out", "DIR"])
