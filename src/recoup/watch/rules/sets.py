"""A file of rules into a set of rules: it loads as a whole, or is refused with every problem named. Pure: text comes in.

id = "house"
timezone = "Asia/Shanghai"
night = [22, 6]
lists = ["suspect"]

[[rules]]
id = "night-new-payee"
version = 1
expression = "is_night and pair_is_new and amount >= large"
currency = "CNY"
action = "delay"
reason = "own-night"
words = "a large payment at night to somebody new"
author = "risk-7"
budget = 50
thresholds.large = { value = "50_000.00 CNY", source = "our own", standing = "assumed" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from recoup.errors import RuleFault, RuleProblem
from recoup.money import ISO_DIGITS, Digits
from recoup.watch.rules.compiling import Expression, compile_expression
from recoup.watch.rules.limits import (
    RULE_CHARS_MAX,
    RULE_LISTS_MAX,
    RULE_PROBLEMS_MAX,
    RULE_SET_BYTES_MAX,
    RULE_SET_RULES_MAX,
    RULE_SNOOZE_SECONDS_MAX,
    RULE_SNOOZES_MAX,
)
from recoup.watch.rules.problem import shown
from recoup.watch.rules.program import Programs, joined
from recoup.watch.rules.rule import Action, Mode, Page, Rule, Snooze, Standing, Threshold, digest_of
from recoup.watch.rules.table import Table
from recoup.watch.rules.vocabulary import RESERVED, Figure, Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules of a set may refer to, beside their own lists."""

    features: Sequence[Figure] = ()
    facts: Sequence[Figure] = ()
    currencies: tuple[str, ...] = ()
    digits: Digits = ISO_DIGITS
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Official reason codes and what they mean."""


@dataclass(frozen=True)
class RuleSet:
    """Rules that stand together. Make one with `load_rules`."""

    id: str
    timezone: str
    night: tuple[int, int]
    """Hours from the first, through midnight where it is the later one, up to the second."""
    names: Vocabulary
    rules: tuple[Rule, ...]
    expressions: tuple[Expression, ...]
    """One a rule."""
    snoozes: tuple[Snooze, ...]

    @cached_property
    def programs(self) -> Programs:
        """All rules as one program for the kernel."""
        return joined([expression.program for expression in self.expressions])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what the set does, modes and snoozes included."""
        rules = sorted([rule.digest, rule.mode, rule.approver] for rule in self.rules)
        snoozes = sorted(
            [s.rule, s.account, s.begins_at.isoformat(), s.ends_at.isoformat()]
            for s in self.snoozes
        )
        own = [self.id, self.timezone, list(self.night), sorted(self.names.lists)]
        return digest_of([own, rules, snoozes])

    def snoozed(self, rule: str, account: str, at: datetime) -> Snooze | None:
        """Return the snooze that keeps a rule quiet about an account at an instant."""
        return next((s for s in self._by_place.get((rule, account), ()) if s.covers(at)), None)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], tuple[Snooze, ...]]:
        found: dict[tuple[str, str], tuple[Snooze, ...]] = {}
        for snooze in self.snoozes:
            place = (snooze.rule, snooze.account)
            found[place] = (*found.get(place, ()), snooze)
        return found


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def load_rules(text: str, known: Known) -> RuleSet:
    """Return the set of rules of a TOML text; raise `RuleFault` with every problem, and nothing else."""
    problems: list[RuleProblem] = []
    table = Table(_toml(text), "", problems)
    set_id = table.id("id")
    timezone, night = _clock(table)
    lists = _lists(table)
    names = vocabulary(known.features, known.facts, lists, known.currencies, known.digits)
    rules, expressions = [], []
    for values in table.tables("rules", RULE_SET_RULES_MAX):
        rule = _rule(values, f"{timezone} {night[0]}-{night[1]}", known, problems)
        rules.append(rule)
        try:
            thresholds = {t.name: t.value for t in rule.thresholds}
            expression = compile_expression(
                rule.expression, names, currency=rule.currency, thresholds=thresholds
            )
            expressions.append(expression)
        except RuleFault as fault:
            problems += [_of_rule(rule.id, problem) for problem in fault.problems]
    _same_twice(table, rules)
    snoozes = tuple(
        _snooze(values, {rule.id for rule in rules}, problems)
        for values in table.tables("snoozes", RULE_SNOOZES_MAX)
    )
    table.close()
    if problems:
        raise RuleFault(_bounded(problems))
    return RuleSet(set_id, timezone, night, names, tuple(rules), tuple(expressions), snoozes)


def _toml(text: str) -> object:
    if len(text.encode("utf-8", "surrogatepass")) > RULE_SET_BYTES_MAX:
        found = f"expected at most {RULE_SET_BYTES_MAX} bytes"
        raise RuleFault([RuleProblem("", "", 0, 0, "too_long", found)])
    try:
        return tomllib.loads(text)
    except RecursionError:
        found = "expected fewer brackets within each other"
    except ValueError as error:
        found = f"expected TOML: {error}"
    raise RuleFault([RuleProblem("", "", 0, 0, "not_toml", found)])


def _bounded(problems: list[RuleProblem]) -> tuple[RuleProblem, ...]:
    kept = tuple(problems[:RULE_PROBLEMS_MAX])
    more = len(problems) - len(kept)
    return (*kept, RuleProblem("", "", 0, 0, "more", f"and {more} more")) if more else kept


def _of_rule(rule: str, problem: RuleProblem) -> RuleProblem:
    where = (problem.field, problem.line, problem.column)
    return RuleProblem(rule, *where, problem.code, problem.message)


def _clock(table: Table) -> tuple[str, tuple[int, int]]:
    """Return the time zone and the night; which hours are night is the set's own choice and must be said."""
    timezone = table.text("timezone")
    try:
        if timezone:
            ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        message = f"expected an IANA time zone, found {shown(timezone)}"
        table.wrong("timezone", "timezone_unknown", message)
    hours = table.raw("night")
    if isinstance(hours, list) and [type(hour) for hour in hours] == [int, int]:
        first, second = hours
        if 0 <= first < 24 and 0 <= second < 24:
            return timezone, (first, second)
    table.wrong("night", "field_type", "expected two hours of 0 to 23, as [22, 6]")
    return timezone, (0, 0)


def _lists(table: Table) -> tuple[str, ...]:
    names = table.texts("lists", RULE_LISTS_MAX)
    for name in names:
        if not name or '"' in name or len(name) > 64 or not name.isprintable():
            table.wrong(
                "lists", "name_unfit", f"expected a name without quotes, found {shown(name)}"
            )
    if len(set(names)) < len(names):
        table.wrong("lists", "same_twice", "expected each list once")
    return tuple(dict.fromkeys(names))


def _rule(values: object, clock: str, known: Known, problems: list[RuleProblem]) -> Rule:
    id_ = values.get("id") if isinstance(values, Mapping) else None
    table = Table(values, id_ if isinstance(id_, str) else "", problems)
    rule = Rule(
        id=table.id("id"),
        version=table.whole("version", default=1, low=1),
        expression=table.text("expression", chars_max=2 * RULE_CHARS_MAX),
        currency=table.text("currency", is_needed=False),
        thresholds=_thresholds(table, known, problems),
        action=table.choice("action", Action),
        reason=table.id("reason"),
        words=table.text("words", is_needed=False),
        author=table.id("author"),
        clock=clock,
        effective_from=table.instant("from"),
        effective_until=table.instant("until"),
        budget=table.whole("budget", default=0),
        mode=table.choice("mode", Mode, Mode.SHADOW),
        approver=table.id("approver", is_needed=False),
        approved=table.text("approved", is_needed=False),
        page=_page(table, problems),
    )
    if rule.reason and rule.reason not in known.reasons and not rule.words:
        message = f"expected words for {rule.reason}, which is no official code that says them"
        table.wrong("words", "field_missing", message)
    if rule.effective_from and rule.effective_until and rule.effective_until <= rule.effective_from:
        table.wrong("until", "ends_first", "expected an end after the beginning")
    _approval(table, rule)
    table.close()
    return rule


def _approval(table: Table, rule: Rule) -> None:
    """A live rule takes two persons, and the second approved what stands there now."""
    if rule.mode is not Mode.LIVE:
        return
    if not rule.approver:
        message = "expected a second person who approved, since the rule is live"
        table.wrong("approver", "approver_missing", message)
    elif rule.approver == rule.author:
        message = "expected another person than the author, since the rule is live"
        table.wrong("approver", "approver_is_author", message)
    if rule.approved != rule.digest:
        message = f"expected the digest of what stands there, {rule.digest}; who approves states it"
        table.wrong("approved", "approval_stale", message)


def _thresholds(table: Table, known: Known, problems: list[RuleProblem]) -> tuple[Threshold, ...]:
    taken = RESERVED | {figure.name for figure in (*known.features, *known.facts)}
    found = []
    for name, values in table.named("thresholds", frozenset(taken)):
        inside = Table(values, table.rule, problems, f"thresholds.{name}")
        value, source = inside.text("value"), inside.text("source")
        found.append(Threshold(name, value, source, inside.choice("standing", Standing)))
        inside.close()
    return tuple(found)


def _page(table: Table, problems: list[RuleProblem]) -> Page | None:
    values = table.raw("page")
    if values is None:
        return None
    inside = Table(values, table.rule, problems, "page")
    names = ("title_en", "title_zh", "meaning_en", "meaning_zh", "data", "source")
    texts = {name: inside.text(name, chars_max=4_000) for name in names}
    page = Page(**texts, innocent=inside.texts("innocent", 32))
    inside.close()
    return page


def _same_twice(table: Table, rules: Sequence[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id and rule.id in seen:
            table.wrong("rules", "same_twice", f"expected each rule once, found {rule.id} again")
        seen.add(rule.id)


def _snooze(values: object, rules: set[str], problems: list[RuleProblem]) -> Snooze:
    table = Table(values, "", problems, "snoozes")
    rule, account = table.id("rule"), table.text("account")
    begins, ends = table.instant("from", is_needed=True), table.instant("until", is_needed=True)
    begins_at, ends_at = begins or _NEVER, ends or _NEVER
    snooze = Snooze(
        rule,
        account,
        table.text("reason"),
        table.id("author"),
        table.id("approver"),
        begins_at,
        ends_at,
    )
    if rule and rule not in rules:
        table.wrong("rule", "rule_unknown", f"expected a rule of this set, found {rule}")
    if snooze.author and snooze.author == snooze.approver:
        table.wrong("approver", "approver_is_author", "expected another person than the author")
    longest = timedelta(seconds=RULE_SNOOZE_SECONDS_MAX)
    if begins and ends and not timedelta(0) < ends - begins <= longest:
        message = f"expected an end within {longest.days} days after the beginning"
        table.wrong("until", "ends_first", message)
    table.close()
    return snooze


__all__ = ["Known", "RuleSet", "load_rules"]
