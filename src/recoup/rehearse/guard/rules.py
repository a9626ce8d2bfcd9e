"""The guard's own rules: stolen money stays where it is, and, where a scenario has it so, payments to new payees wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from recoup.watch.rules import Mode, RuleSet
from recoup.watching.rule_files import read_rules

STOLEN: Final = "stolen"
NEW_PAYEE: Final = "new-payee"
APPROVER: Final = "second-risk-officer"
_FILE: Final = Path(__file__).parent / "rules.toml"


def guard_rules(currency: str, timezone: str, *, has_new_payee: bool) -> RuleSet:
    """Return the rules, live: a second role approved what the first wrote."""
    found = read_rules(_FILE, currencies=(currency,))
    chosen = [
        (replace(rule, mode=Mode.LIVE, approver=APPROVER, approved=rule.digest), expression)
        for rule, expression in zip(found.rules, found.expressions, strict=True)
        if has_new_payee or rule.id != NEW_PAYEE
    ]
    rules, expressions = zip(*chosen, strict=True)
    return replace(found, timezone=timezone, rules=rules, expressions=expressions)


__all__ = ["APPROVER", "NEW_PAYEE", "STOLEN", "guard_rules"]
