"""The return policies that come with the program, one TOML file each, and how such a file is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recoup.errors import PolicyFault
from recoup.money import ISO_DIGITS, parse_minor
from recoup.returns import (
    CAUSAL,
    Basis,
    Choice,
    Interest,
    Reimbursement,
    ReturnPolicy,
    Standing,
    Unclaimed,
)

_HERE = Path(__file__).parent
_SCHEME = ("currency", "cap", "excess", "sending_percent")
_TERMS = ("rules", "strength", "own_first", "basis", "interest", "unclaimed")


def shipped_return_policies() -> tuple[str, ...]:
    """Return the names of the return policies that come with the program.

    >>> "cn-2016" in shipped_return_policies()
    True
    """
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def read_return_policy(name_or_path: str | Path) -> ReturnPolicy:
    """Return a shipped return policy by name, or one of a file of the same form.

    Raises:
        PolicyFault: there is no such policy, or a term is missing, has no source or makes no sense; the message names it.

    >>> read_return_policy("cn-2016").rules
    ('fifo',)
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped_return_policies():
        path = _HERE / f"{name_or_path}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return policy_of(table)
    except FileNotFoundError as fault:
        known = ", ".join(shipped_return_policies())
        words = f"expected a shipped policy ({known}) or the file of one"
        raise PolicyFault(f"{words}, was {name_or_path}") from fault
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        known = ", ".join(shipped_return_policies())
        raise PolicyFault(f"return policy {name_or_path}: {fault}; shipped are {known}") from fault
    except KeyError as fault:
        raise PolicyFault(f"return policy {name_or_path}: nothing said of {fault}") from fault
    except (TypeError, ValueError) as fault:
        raise PolicyFault(f"return policy {name_or_path}: {fault}") from fault


def policy_of(table: Mapping[str, Any]) -> ReturnPolicy:
    """Return the policy of a file's content; raise `KeyError`, `TypeError` or `ValueError` for what is missing or wrong."""
    known = {"id", "payable", "choice", "reimbursement", *_TERMS}
    if unknown := sorted(set(table) - known):
        raise ValueError(f"no such term as {', '.join(unknown)}")
    terms = {name: table[name]["value"] for name in _TERMS}
    scheme = table.get("reimbursement", {})
    if scheme and set(scheme) != set(_SCHEME):
        raise ValueError(f"reimbursement: expected {', '.join(_SCHEME)}")
    return ReturnPolicy(
        id=str(table["id"]),
        rules=_rules("rules", terms["rules"]),
        strength=_rules("strength", terms["strength"]),
        own_first=_truth("own_first", terms["own_first"]),
        basis=Basis(terms["basis"]),
        is_payable=_truth("payable", table["payable"]),
        choices=(
            *(_choice(name, _words(terms[name]), table[name]) for name in _TERMS),
            *(
                _choice(name, _words(scheme[name]["value"]), scheme[name])
                for name in (_SCHEME if scheme else ())
            ),
            *(_choice(row["term"], row["value"], row) for row in table.get("choice", ())),
        ),
        interest=Interest(terms["interest"]),
        unclaimed=_unclaimed(terms["unclaimed"]),
        reimbursement=_reimbursement(scheme) if scheme else None,
    )


def policy_table(policy: ReturnPolicy) -> dict[str, Any]:
    """Return the content of a file that `policy_of` reads as `policy`."""
    values: dict[str, Any] = {
        "rules": list(policy.rules),
        "strength": list(policy.strength),
        "own_first": policy.own_first,
        "basis": policy.basis.value,
        "interest": policy.interest.value,
        "unclaimed": {"after": policy.unclaimed.after, "to": policy.unclaimed.to},
    }
    table: dict[str, Any] = {"id": policy.id, "payable": policy.is_payable}
    for choice in policy.choices[: len(_TERMS)]:
        table[choice.term] = _entry(choice, values[choice.term])
    others = policy.choices[len(_TERMS) :]
    if policy.reimbursement is not None:
        scheme, others = others[: len(_SCHEME)], others[len(_SCHEME) :]
        share = policy.reimbursement.sending_percent
        table["reimbursement"] = {
            choice.term: _entry(choice, share if choice.term == "sending_percent" else choice.value)
            for choice in scheme
        }
    table["choice"] = [
        {"term": c.term, "value": c.value, "source": c.source, "standing": c.standing.value}
        for c in others
    ]
    return table


def _entry(choice: Choice, value: object) -> dict[str, Any]:
    return {"value": value, "source": choice.source, "standing": choice.standing.value}


def _reimbursement(scheme: Mapping[str, Any]) -> Reimbursement:
    """Return the terms of a scheme, its amounts in decimals of its currency."""
    values = {name: scheme[name]["value"] for name in _SCHEME}
    currency, share = str(values["currency"]), values["sending_percent"]
    digits = ISO_DIGITS.of(currency)
    cap, excess = (parse_minor(str(values[name]), digits) for name in ("cap", "excess"))
    if not isinstance(share, int) or not 0 <= share <= 100:
        raise ValueError(f"sending_percent: expected 0 to 100, was {share!r}")
    if cap <= 0 or excess < 0:
        raise ValueError("reimbursement: expected a cap above zero and an excess of at least zero")
    return Reimbursement(currency, cap, excess, share)


def _rules(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not set(value) <= set(CAUSAL):
        raise ValueError(f"{name}: expected some of {', '.join(CAUSAL)}, was {value!r}")
    return tuple(rule for rule in CAUSAL if rule in value)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected true or false, was {value!r}")
    return value


def _unclaimed(value: object) -> Unclaimed:
    if not isinstance(value, dict) or set(value) != {"after", "to"}:
        raise TypeError(f"unclaimed: expected after and to, was {value!r}")
    return Unclaimed(str(value["after"]), str(value["to"]))


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {word}" for name, word in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _choice(term: str, value: str, entry: Mapping[str, Any]) -> Choice:
    source = str(entry["source"])
    if not source.strip():
        raise ValueError(f"{term}: expected a source")
    return Choice(term, value, source, Standing(entry["standing"]))


__all__ = ["policy_of", "policy_table", "read_return_policy", "shipped_return_policies"]
