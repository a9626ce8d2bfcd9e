"""Tries rules on past payments: features from the stream, facts and lists beside them, figures by `watch.rules`. No files.

Every rule of the set is tried, whatever its mode and its dates: the question is what it would have done. Snoozes hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.errors import InputFault, RuleFault, RuleProblem
from recoup.money import Digits, format_minor
from recoup.reading import ADVICE
from recoup.records.kinds import KINDS
from recoup.records.problems import Problem
from recoup.watch.rules import (
    FIRES,
    FRAUD,
    INNOCENT,
    UNLABELLED,
    Backtest,
    Outcome,
    PaymentFields,
    RuleSet,
    backtest,
    facts_of,
    run_rules,
)
from recoup.watch.rules import Period as PastPayments
from recoup.watching.features import NO_REPORTS, Features
from recoup.watching.materials import Materials
from recoup.watching.work import Period

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tried:
    """A back-test and what it was made of."""

    rules: RuleSet
    result: Backtest
    digits: Digits

    def document(self) -> dict[str, object]:
        """Return the figures as a document: money as decimal text by currency, rules in the order of the set."""
        rules = self.rules.rules
        return {
            "rule_set": self.rules.id,
            "rule_set_digest": self.rules.digest,
            "payments": self.result.payments,
            "days": self.result.days,
            "rules": [
                {
                    "rule": rule.id,
                    "version": rule.version,
                    "digest": rule.digest,
                    "mode": rule.mode.value,
                    "action": rule.action.value,
                    "reason": rule.reason,
                    **self._outcome(outcome),
                    "added_to_live": self._outcome(added),
                }
                for rule, outcome, added in zip(
                    rules, self.result.rules, self.result.added, strict=True
                )
            ],
            "together": self._outcome(self.result.together),
            "live": self._outcome(self.result.live),
            "overlaps": [
                {
                    "first": rules[pair.first].id,
                    "second": rules[pair.second].id,
                    "both": pair.both,
                    "either": pair.either,
                }
                for pair in self.result.overlaps
            ],
        }

    def _outcome(self, outcome: Outcome) -> dict[str, object]:
        return {
            "alerts": outcome.alerts,
            "unknown": outcome.unknown,
            "snoozed": outcome.snoozed,
            "alerts_per_day": outcome.alerts_per_day,
            "alerts_per_day_most": outcome.alerts_per_day_most,
            "budget_per_day": outcome.budget or None,
            "days_over_budget": outcome.days_over_budget,
            "alerts_over_budget": outcome.alerts_over_budget,
            "labelled": outcome.labelled,
            "precision": outcome.precision,
            "precision_within_budget": outcome.precision_within_budget,
            "recall": outcome.recall,
            "fraud_stopped": self._money(outcome.fraud_stopped),
            "fraud_warned": self._money(outcome.fraud_warned),
            "fraud_missed": self._money(outcome.fraud_missed),
            "innocent_delayed": self._money(outcome.innocent_delayed),
            "innocents_delayed": outcome.innocents_delayed,
            "innocents_delayed_share": outcome.innocents_delayed_share,
        }

    def _money(self, by_currency: Mapping[int, int]) -> dict[str, str]:
        codes = self.rules.names.currencies
        return {
            codes[number]: format_minor(minor, self.digits.of(codes[number]))
            for number, minor in by_currency.items()
        }


def currencies_of(materials: Materials) -> tuple[str, ...]:
    """Return the currencies of the payments, in the order of their numbers in the facts."""
    return tuple(materials.transfers["currency"].unique().sort().to_list())


def backtest_rules(
    rules: RuleSet,
    materials: Materials,
    features: Features,
    period: Period,
    *,
    digits: Digits,
    lists: Mapping[str, Sequence[str]] | None = None,
    label_delay_us: int | None = None,
    has_labels: bool = False,
) -> Tried:
    """Try every rule of a set on the payments of a period; those before it warm the state.

    Args:
        rules: read for these features and the currencies of `currencies_of(materials)`.
        materials: transfers in total order, with labels or without.
        features: where features come from.
        period: which payments count.
        digits: decimals of each currency.
        lists: accounts by list; a list that is not given is unknown.
        label_delay_us: a fraud is reported to the stream so long after its payment; None: never.
        has_labels: `materials` has labels; what they do not name is then innocent.

    Raises:
        InputFault: no payment lies in the period.
        RuleFault: a list that no rule set of this name has.
    """
    wanted = period.rows(materials.times_us)
    if not wanted.any():
        found, advice = "no transfer", ADVICE["period_empty"]
        raise InputFault([Problem("--from", "", 0, "", "period_empty", found, advice)])
    given = dict(lists or {})
    if unknown := sorted(set(given) - set(rules.names.lists)):
        message = (
            f"expected one of {', '.join(rules.names.lists) or 'no lists'}, found {unknown[0]}"
        )
        raise RuleFault([RuleProblem("", "lists", 0, 0, "list_unknown", message)])
    delay = label_delay_us if has_labels else None
    reports = NO_REPORTS if delay is None else materials.reports(delay)
    matrix = features.matrix(materials.transfers, reports, wanted)
    payments = _local(materials.transfers.filter(wanted), rules.timezone)
    names = pl.concat([payments["payer"], payments["payee"]]).unique().sort()
    numbers = {name: at for at, name in enumerate(names.to_list()) if name}
    listed = {
        name: [numbers[account] for account in accounts if account in numbers]
        for name, accounts in given.items()
    }
    fields = _fields(payments, rules.names.currencies, numbers)
    facts = facts_of(fields, rules.names, rules.night, listed=listed)
    verdicts = run_rules(rules.programs, rules.names, matrix, facts)
    label = np.full(payments.height, UNLABELLED, np.int8)
    if has_labels:
        label = np.where(materials.labels[wanted], FRAUD, INNOCENT).astype(np.int8)
    days = payments["day"].to_numpy()
    past = PastPayments(
        days.astype(np.int64),
        fields.amount_minor,
        np.asarray(fields.currency, np.int64),
        label,
        int(days[-1] - days[0]) + 1,
    )
    quiet = _snoozed(rules, payments, verdicts)
    return Tried(rules, backtest(verdicts, rules.rules, past, quiet), digits)


def _local(transfers: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Return transfers with the hour, weekday and day of the rules' time zone."""
    local = pl.col("time").dt.convert_time_zone(timezone)
    return transfers.with_columns(
        hour=local.dt.hour(),
        weekday=local.dt.weekday(),
        day=local.dt.date().cast(pl.Int32),  # days since 1970
    )


def _fields(
    payments: pl.DataFrame, currencies: Sequence[str], numbers: Mapping[str, int]
) -> PaymentFields:
    kinds = {kind: at for at, kind in enumerate(KINDS)}
    codes = {code: at for at, code in enumerate(currencies)}

    def number(column: str, places: Mapping[str, int], default: int) -> NDArray[np.int64]:
        if not places:
            return np.full(payments.height, default, np.int64)
        found = payments[column].replace_strict(places, default=default, return_dtype=pl.Int64)
        return np.asarray(found.to_numpy(), np.int64)

    return PaymentFields(
        payments["amount"].to_numpy(),
        number("kind", kinds, 0),
        number("currency", codes, -1),
        payments["hour"].to_numpy(),
        payments["weekday"].to_numpy(),
        number("payer", numbers, -1),
        number("payee", numbers, -1),
    )


def _snoozed(
    rules: RuleSet, payments: pl.DataFrame, verdicts: NDArray[np.int8]
) -> NDArray[np.bool_]:
    """Return where a rule fires for a payment of which a snooze, of its payer or payee, says why."""
    quiet = np.zeros(verdicts.shape, bool)
    snoozed = {snooze.rule for snooze in rules.snoozes}
    for column, rule in enumerate(rules.rules):
        if rule.id not in snoozed:
            continue
        for row in np.flatnonzero(verdicts[:, column] == FIRES).tolist():
            payer, payee, time_us = payments.select(
                "payer", "payee", pl.col("time").dt.epoch("us")
            ).row(row)
            at = _EPOCH + timedelta(microseconds=time_us)
            quiet[row, column] = any(rules.snoozed(rule.id, who, at) for who in (payer, payee))
    return quiet


__all__ = ["Tried", "backtest_rules", "currencies_of"]
