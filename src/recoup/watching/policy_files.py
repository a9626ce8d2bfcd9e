"""Reads policies of decisions: those that come with the program, by name, and files of the same form."""

from __future__ import annotations

from pathlib import Path

from recoup.errors import RuleFault, RuleProblem
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.decision import Policy, load_policy
from recoup.watch.rules.limits import RULE_SET_BYTES_MAX

_HERE = Path(__file__).parent / "policies"


def shipped_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with the program.

    >>> shipped_policies()
    ('cn',)
    """
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def read_policy(name_or_path: str | Path, digits: Digits = ISO_DIGITS) -> Policy:
    """Return a shipped policy by name, or that of a file; `RuleFault` names every problem.

    >>> read_policy("cn").mode.value
    'shadow'
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped_policies():
        path = _HERE / f"{name_or_path}.toml"
    try:
        with path.open("rb") as file:
            content = file.read(RULE_SET_BYTES_MAX + 1)
        return load_policy(content.decode("utf-8-sig"), digits)
    except OSError as error:
        found = f"{path}: {error.strerror or error}; shipped are {', '.join(shipped_policies())}"
        raise RuleFault([RuleProblem("", "", 0, 0, "file_unreadable", found)]) from error
    except UnicodeDecodeError as error:
        found = f"{path}: expected UTF-8"
        raise RuleFault([RuleProblem("", "", 0, 0, "not_toml", found)]) from error


__all__ = ["read_policy", "shipped_policies"]
