"""The files that say how payments are decided: rules, model, policy, lists. Read whole, checked, and bound into one piece.

The piece goes into the service's log, so that a start after a crash decides as before whatever lies in the files by then.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from recoup import limits
from recoup.errors import ModelFault, ModelProblem, SettingsFault, StateFault, StateProblem
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.columns import columns_of
from recoup.watch.decision import Policy, load_policy
from recoup.watch.model import Model, feature_set, read_model
from recoup.watch.rules import RuleSet
from recoup.watch.rules.limits import RULE_SET_BYTES_MAX
from recoup.watching.policy_files import shipped_policies
from recoup.watching.rule_files import rules_of, shipped_rules

_ROOM: Final = Path(__file__).parents[1]
_LISTS_BYTES_MAX: Final = 2**25


@dataclass(frozen=True, slots=True)
class Files:
    """Where they lie; '' where there is none. Rules and policy may be the name of one that comes with the program."""

    rules: str = ""
    policy: str = ""
    model: str = ""
    lists: str = ""
    """CSV with the columns account, list."""


class Content(msgspec.Struct, frozen=True):
    """What they say."""

    rules: str
    policy: str
    model: bytes
    lists: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was made of it."""

    rules: RuleSet | None
    policy: Policy | None
    model: Model | None
    lists: dict[str, list[str]]


def read_files(files: Files, currencies: tuple[str, ...], digits: Digits = ISO_DIGITS) -> bytes:
    """Return the files as one piece; a `Fault` names what cannot be used."""
    rules = _text(files.rules, "rule_sets", RULE_SET_BYTES_MAX)
    policy = _text(files.policy, "policies", RULE_SET_BYTES_MAX)
    model = _bytes(files.model, limits.MODEL_BYTES_MAX)
    packed = msgspec.msgpack.encode(Content(rules, policy, model, _lists(files.lists)))
    opened(packed, currencies, digits)
    return packed


def opened(
    packed: bytes, currencies: tuple[str, ...], digits: Digits = ISO_DIGITS
) -> Configuration:
    """Return what a piece says, checked; a `Fault` for one that cannot be used."""
    try:
        content = msgspec.msgpack.decode(packed, type=Content)
    except msgspec.DecodeError as error:
        raise StateFault(StateProblem.SETTING_WRONG, "expected a configuration") from error
    rules = rules_of(content.rules, None, currencies, digits) if content.rules else None
    policy = load_policy(content.policy, digits) if content.policy else None
    model = read_model(content.model) if content.model else None
    if model is not None:
        model.require(feature_set(columns_of(len(model.features.names))))
    if (rules or model) and policy is None:
        raise SettingsFault("policy: expected one beside rules or a model")
    named = set(rules.names.lists) if rules else set()
    if unknown := sorted(set(content.lists) - named):
        raise SettingsFault(f"lists: the rules have no list {unknown[0]!r}")
    return Configuration(rules, policy, model, content.lists)


def _text(name: str, folder: str, bound: int) -> str:
    if not name:
        return ""
    path = Path(name)
    shipped = shipped_rules() if folder == "rule_sets" else shipped_policies()
    if name in shipped:
        path = _ROOM / folder / f"{name}.toml"
    try:
        return _bytes(str(path), bound).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsFault(f"{path}: expected UTF-8") from error


def _bytes(name: str, bound: int) -> bytes:
    if not name:
        return b""
    path = Path(name)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= bound else b""
    except OSError as error:
        raise SettingsFault(f"{path}: {error.strerror}") from error
    if size > bound:
        raise SettingsFault(f"{path}: expected at most {bound} bytes")
    if not content:
        raise ModelFault(ModelProblem.UNREADABLE, f"{path}: expected some content")
    return content


def _lists(name: str) -> dict[str, list[str]]:
    """Return the accounts of each list, sorted; the same file gives the same piece."""
    if not name:
        return {}
    try:
        text = _bytes(name, _LISTS_BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsFault(f"{name}: expected UTF-8") from error
    rows = csv.DictReader(io.StringIO(text))
    if set(rows.fieldnames or ()) != {"account", "list"}:
        raise SettingsFault(f"{name}: expected the columns account, list")
    found: dict[str, set[str]] = {}
    for row in rows:
        if not row["account"] or not row["list"]:
            raise SettingsFault(f"{name}: line {rows.line_num}: expected an account and a list")
        found.setdefault(row["list"], set()).add(row["account"])
    return {listed: sorted(accounts) for listed, accounts in sorted(found.items())}


__all__ = ["Configuration", "Content", "Files", "opened", "read_files"]
