"""Reads sets of rules: those that come with the program, by name, and files of the same form."""

from __future__ import annotations

from pathlib import Path

from recoup.errors import RuleFault, RuleProblem
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.features import FEATURES, Feature
from recoup.watch.flags import REASONS, facts_beside
from recoup.watch.rules import Known, RuleSet, load_rules
from recoup.watch.rules.limits import RULE_SET_BYTES_MAX
from recoup.watch.rules.program import Op

_HERE = Path(__file__).parent / "rule_sets"


def shipped_rules() -> tuple[str, ...]:
    """Return the names of the sets that come with the program.

    >>> shipped_rules()
    ('cn-flags',)
    """
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def read_rules(
    name_or_path: str | Path,
    *,
    features: tuple[Feature, ...] | None = None,
    currencies: tuple[str, ...] = (),
    digits: Digits = ISO_DIGITS,
) -> RuleSet:
    """Return a shipped set of rules by name, or that of a file; `RuleFault` names every problem.

    Args:
        name_or_path: the set.
        features: the catalogue that its rules read; what flags need beside it are facts. None: that of the stream's state, or
            with patterns where a rule reads one.
        currencies: of the payments, in the order of their numbers.
        digits: decimals of each currency.

    >>> read_rules("cn-flags").id
    'cn-flags'
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped_rules():
        path = _HERE / f"{name_or_path}.toml"
    try:
        if path.stat().st_size > RULE_SET_BYTES_MAX:
            message = f"{path}: expected at most {RULE_SET_BYTES_MAX} bytes"
            raise RuleFault([RuleProblem("", "", 0, 0, "too_long", message)])
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"{path}: {error.strerror or error}; shipped are {', '.join(shipped_rules())}"
        raise RuleFault([RuleProblem("", "", 0, 0, "file_unreadable", message)]) from error
    except UnicodeDecodeError as error:
        message = f"{path}: expected UTF-8"
        raise RuleFault([RuleProblem("", "", 0, 0, "not_toml", message)]) from error
    return rules_of(text, features, currencies, digits)


def rules_of(
    text: str,
    features: tuple[Feature, ...] | None,
    currencies: tuple[str, ...],
    digits: Digits = ISO_DIGITS,
) -> RuleSet:
    """Return the set of rules of a text; see `read_rules`."""
    chosen = STREAM_FEATURES if features is None else features
    rules = load_rules(text, Known(chosen, facts_beside(chosen), currencies, digits, REASONS))
    if features is None and not reads_patterns(rules):
        # They cost more than the others, and a row that nobody reads whole need not hold them.
        return rules_of(text, FEATURES, currencies, digits)
    return rules


def reads_patterns(rules: RuleSet) -> bool:
    """Return whether a rule, read for all features of the stream, reads one of patterns: these cost more than the others."""
    programs = rules.programs
    columns = programs.arguments[programs.ops == Op.FEATURE]
    return bool((columns >= len(FEATURES)).any())


__all__ = ["read_rules", "reads_patterns", "rules_of", "shipped_rules"]
