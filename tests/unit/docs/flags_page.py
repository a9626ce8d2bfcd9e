"""Makes docs/reference/flags.md from the shipped set of flags: `python tests/unit/docs/flags_page.py` writes it anew.

test_flags_page.py compares the page with the data.
"""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/reference/flags.md"

_HEAD = """\
# Red flags

The set of rules `cn-flags`, which comes with the program. This page is made from `src/recoup/watching/rule_sets/cn-flags.toml`
by `python tests/unit/docs/flags_page.py`; a test compares it. The rules are written in [the rule language](rules.md).

All flags begin in shadow: they count and do nothing. To use one, copy it into a set of your own, try it on your own payments
with `recoup watch backtest`, set its thresholds, and have a second person approve it. *Assumed* thresholds are ours or one
bank's, not the law's. A flag is a reason to look, never a proof; each section names who looks the same and is innocent.

Codes `cn-...` are the platform's reporting categories, `cn-pay-...` those of payment institutions, `own-...` ours; 9999 is the
institution's own category, for which a rule states its words.
"""


_FACTS = """
## Facts from outside the payments

An institution gives these with a payment. Where one is not given it is unknown, and a rule that needs it does not fire and is
counted.

| fact | meaning | unit |
| --- | --- | --- |
"""


def flags_page() -> str:
    """One section a flag, then what the flags read beside the features."""
    from recoup.watching.rule_files import read_rules

    rules = read_rules("cn-flags", currencies=("CNY",))
    sections = [_section(rule) for rule in rules.rules]
    return "".join([_HEAD, *sections, _figures()])


def _section(rule) -> str:
    page = rule.page
    lines = [
        f"\n## {rule.id}: {page.title_en} ({page.title_zh})\n",
        f"\n{page.meaning_en}\n\n{page.meaning_zh}\n",
        f"\n```text\n{rule.expression}\n```\n",
        f"\n- Reason code: `{rule.reason}`" + (f", {rule.words}" if rule.words else ""),
        f"\n- Action, once live: {rule.action.value}",
        f"\n- Currency: {rule.currency or 'any'}",
        f"\n- Data: {page.data}",
        f"\n- Source: {page.source}",
        f"\n- Innocent look-alikes: {'; '.join(page.innocent)}.\n",
    ]
    if rule.thresholds:
        lines.append("\n| threshold | value | source | standing |\n| --- | --- | --- | --- |\n")
        lines += [
            f"| `{t.name}` | {t.value} | {t.source} | {t.standing.value} |\n"
            for t in rule.thresholds
        ]
    return "".join(lines)


def _figures() -> str:
    from recoup.watch.flags import FACTS

    parts = [_FACTS]
    parts += [f"| `{f.name}` | {f.meaning} | {f.unit} |\n" for f in FACTS]
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(flags_page(), encoding="utf-8", newline="\n")
