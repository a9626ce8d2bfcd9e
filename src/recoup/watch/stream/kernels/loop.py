"""One loop over payments: check, read, score, rules, decision, book. The same for one payment as for a million, in one order.

Invariants: 1. what is refused, delayed or held is not booked: time passes, nothing else; 2. what cannot be a payment changes
nothing at all, the clock neither; 3. the loop stops before a payment that must be looked at (orders, stolen money, waits that
are due), so that what stands in Python comes at the same place however payments are cut into batches.
"""

# mypy: disable-error-code="no-untyped-call,no-untyped-def,assignment"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.limits import ROW_MINOR_MAX
from recoup.trace.kernels.compiled import inner, kernel, within
from recoup.trace.kernels.prefetch import prefetch
from recoup.watch.decision.decision import Action, Ground, Withheld
from recoup.watch.features import FEATURES
from recoup.watch.model.blocks import FEW, lay_columns, score_block
from recoup.watch.model.kernels import probability_at
from recoup.watch.model.lanes import LANES
from recoup.watch.model.single import score_single
from recoup.watch.patterns.kernels import (
    book_passing,
    book_pattern,
    fetch_patterns,
    fetch_payers,
    fetch_totals,
    read_patterns,
)
from recoup.watch.rules.kernel import FIRES, verdict
from recoup.watch.rules.lanes import verdicts
from recoup.watch.rules.vocabulary import FIELDS
from recoup.watch.state import BOTH, advance, book, check, read, state_at, traits_of, words_at
from recoup.watch.state.kernels.pairs import home_of
from recoup.watch.state.kernels.words import ACCOUNTS, POCKET_WORDS
from recoup.watch.stolen.booking import BASE, CREDITS, DEBITS, USED, write_row
from recoup.watch.stream.arrays import (
    ALERTS,
    BLOCK,
    DUE,
    INNOCENTS,
    KEPT,
    LOOKED,
    MOVED,
    NEVER_US,
    ROOM,
    SCORES,
)
from recoup.watch.stream.kernels.asking import begin_budget, best_action, within_budget
from recoup.watch.stream.kernels.handing import (
    ARRAYS,
    BATCH_WORDS,
    BRAIN,
    DESK,
    FLOW,
    GRAPH,
    PROGRAMS,
    RULING,
    STATE_WORDS,
    WEIGHING,
    WORDS,
    batch_at,
    brain_at,
    desk_at,
    flow_at,
    graph_at,
    programs_at,
    ruling_at,
    weighing_at,
)

_WARN, _DELAY, _HOLD, _REFUSE = map(int, (Action.WARN, Action.DELAY, Action.HOLD, Action.REFUSE))
_INPUT, _RULE, _MODEL, _UNSCORED = (
    int(Ground.INPUT),
    int(Ground.RULE),
    int(Ground.MODEL),
    int(Ground.UNSCORED),
)
_SHADOW, _WAITING = int(Withheld.SHADOW), int(Withheld.WAITING)
_FIELDS: Final = len(FIELDS)
_OF_STATE: Final = len(FEATURES)
"""Columns of the state; those of patterns come behind."""
_SOON: Final = 8
_TOTALS, _RINGS, _PAYERS = 24, 12, 4
"""Payments between asking for what says how much a pocket's rings hold, for these, for its last payers, and reading them."""
_LINE: Final = 8  # words of a cache line
_NO_NUMBER: Final = np.uint64(0x7FF8000000000000)
_FACTOR: Final = np.uint64(0xFF51AFD7ED558CCD)
_HALF: Final = np.uint64(32)
_SECOND, _THIRD, _FOURTH = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
)


@within
def _fetch(s, payer, payee):
    """Ask for the pockets and the pair of a payment that comes soon."""
    count = min(s.marks[ACCOUNTS], len(s.pockets))
    for number in (payer, payee):
        first = (number if 0 <= number < count else 0) * POCKET_WORDS
        for line in range(0, POCKET_WORDS, _LINE):
            prefetch(s.words, first + line)
    prefetch(s.pairs, home_of(s.pairs, payer, payee))
    prefetch(s.pairs, home_of(s.pairs, payee, payer))


@within
def _fetch_lists(r, payer, payee):
    """Ask for what lists say of the two of a payment that comes soon."""
    for number in (payer, payee):
        if 0 <= number < r.listed.shape[1]:
            for j in range(len(r.listed)):
                prefetch(r.listed[j], number)


@within
def _fetch_rings(s, graph, given, i, start, stop):
    """Ask for the rings of a payment that comes soon, and for its payers' figures when these are there."""
    count, at = min(s.marks[ACCOUNTS], len(graph.figures)), i + _TOTALS
    if start <= at < stop:
        p, q = np.int64(given.payer[at]), np.int64(given.payee[at])
        fetch_totals(graph, p if p < count else -1, q if q < count else -1)
    at = i + _RINGS
    if start <= at < stop:
        p, q = np.int64(given.payer[at]), np.int64(given.payee[at])
        fetch_patterns(graph, p if p < count else -1, q if q < count else -1)
    at = i + _PAYERS
    if start <= at < stop:
        p, q = np.int64(given.payer[at]), np.int64(given.payee[at])
        fetch_payers(graph, p if p < count else -1, q if q < count else -1)


@inner
def _mixed(digest, values, bits):
    """Return a digest with more figures: every NaN is one figure. Four at a time, so that none waits for the one before."""
    a, b, c, d = digest, digest ^ _SECOND, digest ^ _THIRD, digest ^ _FOURTH
    whole = len(bits) // 4 * 4
    for j in range(0, whole, 4):
        a = (a ^ (bits[j] if values[j] == values[j] else _NO_NUMBER)) * _FACTOR
        b = (b ^ (bits[j + 1] if values[j + 1] == values[j + 1] else _NO_NUMBER)) * _FACTOR
        c = (c ^ (bits[j + 2] if values[j + 2] == values[j + 2] else _NO_NUMBER)) * _FACTOR
        d = (d ^ (bits[j + 3] if values[j + 3] == values[j + 3] else _NO_NUMBER)) * _FACTOR
        a ^= a >> _HALF
        b ^= b >> _HALF
        c ^= c >> _HALF
        d ^= d >> _HALF
    for j in range(whole, len(bits)):
        a = (a ^ (bits[j] if values[j] == values[j] else _NO_NUMBER)) * _FACTOR
        a ^= a >> _HALF
    for lane in (b, c, d):
        a = (a ^ lane) * _FACTOR
        a ^= a >> _HALF
    return a


@within
def _fill_facts(r, given, i, facts):
    """Write the facts of payment i in the order of the vocabulary."""
    time, p, q = given.time_us[i], np.int64(given.payer[i]), np.int64(given.payee[i])
    offset = r.zone_offset[0]
    for z in range(len(r.zone_since) - 1, 0, -1):
        if time >= r.zone_since[z]:
            offset = r.zone_offset[z]
            break
    local = time // 1_000_000 + offset
    hour = local % 86_400 // 3_600
    since, before = hour >= r.night[0], hour < r.night[1]
    facts[0], facts[1], facts[2] = given.amount[i], given.kind[i], given.currency[i]
    facts[3], facts[4] = hour, (local // 86_400 + 3) % 7 + 1
    facts[5] = since and before if r.night[0] <= r.night[1] else since or before
    facts[6], facts[7] = p < 0, q < 0
    lists = len(r.is_known)
    named = len(facts) - _FIELDS - 2 * lists
    for j in range(named):
        facts[_FIELDS + j] = given.named[i, j] if len(given.named) else np.nan
    at = _FIELDS + named
    for j in range(lists):
        for side in range(2):
            number = q if side else p
            found = number >= 0 and r.listed[j, number] != 0
            facts[at + 2 * j + side] = found if r.is_known[j] else np.nan


@within
def _is_snoozed(r, rule, payer, payee, time):
    """Return whether a snooze keeps a rule quiet about one of the accounts."""
    for m in range(len(r.snoozes)):
        is_one = r.snoozes[m, 1] == payer or r.snoozes[m, 1] == payee
        if is_one and r.snoozes[m, 0] == rule and r.snoozes[m, 2] <= time < r.snoozes[m, 3]:
            return True
    return False


@within
def _clear(one, fired):
    """Make a row say that nothing was asked."""
    one.score = one.chance = np.nan
    one.expires_us, one.digest, one.kept, one.rule = NEVER_US, np.uint64(0), -1, -1
    one.row, one.pad = -1, 0
    one.action = one.ground = one.problem = one.would = one.withheld = one.asked = 0
    fired[:] = 0


@inner
def _is_in_force(r, rule, time):
    """Return whether a rule is asked at an instant."""
    return r.begins_us[rule] <= time < r.ends_us[rule]


@within
def _ruled(programs, r, desk, row, facts, given, i, fired):
    """Work out the live rules in force; return (strictest action, its first rule)."""
    ruled, first, time = 0, -1, given.time_us[i]
    p, q = np.int64(given.payer[i]), np.int64(given.payee[i])
    for j in range(len(r.begins_us)):
        if r.is_live[j] and _is_in_force(r, j, time):
            found = verdict(programs, j, row, facts, desk.stack)
            if found == FIRES and _is_snoozed(r, j, p, q, time):
                found = -1
            fired[j] = found
            if found == FIRES and np.int64(r.action[j]) > ruled:
                ruled, first = np.int64(r.action[j]), j
    return ruled, first


@within
def _weighed(brain, programs, r, terms, desk, given, i, clock, one, fired):
    """Score a payment whose features were read; write what is asked into its row and return the action.

    Rules in shadow, and a model in shadow, change nothing now: many payments are asked together later, and what would have
    been done is written then.
    """
    amount, currency, marks, at = given.amount[i], given.currency[i], desk.marks, desk.marks[BLOCK]
    row, facts = desk.room.rows[at], desk.facts[at]
    digest, ruled, first = _mixed(_FACTOR, row, desk.row_bits[at]), 0, -1
    if len(fired) > 0:
        _fill_facts(r, given, i, facts)
        digest = _mixed(digest, facts, desk.facts_bits[at])
        ruled, first = _ruled(programs, r, desk, row, facts, given, i, fired)
    one.digest = digest
    asked, done, why, chance = 0, 0, 0, 0.0
    if brain.said[1]:
        begin_budget(terms, desk.counters, clock)
    if brain.said[1] and terms.said[1]:
        one.score = score_single(
            brain.forest, brain.blocks.single, row, desk.room.answers, desk.ranks
        )
        chance = probability_at(brain.knots, brain.levels, brain.said[0], one.score)
        one.chance = chance
        asked = best_action(terms, currency, amount, chance)
        done, why = within_budget(terms, desk.counters, asked, ruled, currency, amount, chance)
    desk.places[at] = i
    marks[BLOCK] += 1
    action = max(ruled, done)
    if _DELAY <= action <= _HOLD and marks[ROOM] <= 0:
        action, why = _WARN, _WAITING
    if action > 0:
        desk.counters[ALERTS] += 1.0
        one.ground = _RULE if ruled >= done else _MODEL
        if done > ruled and action >= _DELAY:
            desk.counters[INNOCENTS] -= 1.0 - chance
    one.would, one.withheld, one.asked, one.rule = max(ruled, asked), why, asked, first
    return action


@inner
def _rule_block(programs, r, desk, given, out, fired):
    """Work out the rules in shadow for the payments that were put aside, and write what they would have asked of them."""
    count, columns = desk.marks[BLOCK], desk.room.columns
    for j in range(len(r.begins_us)):
        if r.is_live[j]:
            continue
        if count > FEW:
            verdicts(programs, j, columns, desk.fact_columns, desk.stacks, desk.verdicts)
        action = np.int64(r.action[j])
        for lane in range(count):
            i = desk.places[lane]
            time = given.time_us[i]
            if not _is_in_force(r, j, time):
                continue
            if count > FEW:
                found = np.int64(desk.verdicts[lane])
            else:
                row, facts = desk.room.rows[lane], desk.facts[lane]
                found = np.int64(verdict(programs, j, row, facts, desk.stack))
            if found == FIRES:
                p, q = np.int64(given.payer[i]), np.int64(given.payee[i])
                if _is_snoozed(r, j, p, q, time):
                    found = -1
                else:
                    out[i].would = max(out[i].would, action)
            fired[i, j] = found


@inner
def _score_block(brain, terms, desk, given, out):
    """Score the payments that were put aside, and write what the model in shadow would have asked of them."""
    count = desk.marks[BLOCK]
    score_block(brain.forest, brain.blocks, desk.room, count, desk.ranks)
    for lane in range(count):
        i = desk.places[lane]
        one = out[i]
        one.score = desk.room.scores[lane]
        one.chance = probability_at(brain.knots, brain.levels, brain.said[0], one.score)
        one.asked = best_action(terms, given.currency[i], given.amount[i], one.chance)
        if one.asked > 0:
            one.would = max(one.would, one.asked)
            if one.withheld == 0:
                one.withheld = _SHADOW


@inner
def _catch_up(brain, programs, r, terms, desk, given, out, fired):
    """Ask of the payments that were put aside what changes nothing."""
    count = desk.marks[BLOCK]
    if count == 0:
        return
    if count > FEW:
        lay_columns(desk.room)
        for lane in range(count):
            for fact in range(len(desk.fact_columns)):
                desk.fact_columns[fact, lane] = desk.facts[lane, fact]
    _rule_block(programs, r, desk, given, out, fired)
    if brain.said[1] and not terms.said[1]:
        _score_block(brain, terms, desk, given, out)
    desk.marks[BLOCK] = 0


@kernel
def decide(state, whole, own, start, stop, mode):
    """Decide payments [start, stop); return the place of the first that must be looked at before, or `stop`.

    The caller has made room in the state and in the rings; without pockets in these no patterns are kept, and they are read
    where the desk's rows are as wide as the features of both. Three addresses of whole numbers: a number costs a call from
    Python less than an array does. `state`: the state's `addresses_of`; `whole`: the `places_of` rings, flow, brain,
    programs, ruling, weighing and desk; `own`: those of the fields of `Given`, the bytes of rows DECIDED, `fired` int8 [n, R],
    and `kept` float64 [n, F]: rows of payments that are not allowed.
    """
    s = state_at(words_at(state, STATE_WORDS))
    at = words_at(whole, ARRAYS * WORDS)
    graph, flow = graph_at(at, GRAPH), flow_at(at, FLOW)
    brain, programs, r = brain_at(at, BRAIN), programs_at(at, PROGRAMS), ruling_at(at, RULING)
    terms, desk = weighing_at(at, WEIGHING), desk_at(at, DESK)
    given, out, fired, kept = batch_at(words_at(own, BATCH_WORDS))
    end = _decide(
        s, graph, flow, brain, programs, r, terms, desk, given, out, fired, kept, start, stop, mode
    )
    _catch_up(brain, programs, r, terms, desk, given, out, fired)
    return end


@within
def _decide(
    s, graph, flow, brain, programs, r, terms, desk, given, out, fired, kept, start, stop, mode
):
    """Decide payments in order; what rules and model in shadow ask of the last of them is still to be written."""
    marks, rows = desk.marks, desk.room.rows
    follows = len(flow.flags) > 1 and not mode & LOOKED
    keeps_patterns = len(graph.figures) > 0
    reads_patterns = keeps_patterns and rows.shape[1] > _OF_STATE
    ahead = _TOTALS if keeps_patterns else _SOON
    for i in range(start - ahead, stop):  # memory of the first is asked for too
        soon = i + _SOON
        if start <= soon < stop:
            _fetch(s, np.int64(given.payer[soon]), np.int64(given.payee[soon]))
            _fetch_lists(r, np.int64(given.payer[soon]), np.int64(given.payee[soon]))
        if keeps_patterns:
            _fetch_rings(s, graph, given, i, start, stop)
        if i < start:
            continue
        time, amount, kind = given.time_us[i], given.amount[i], np.int64(given.kind[i])
        p, q = np.int64(given.payer[i]), np.int64(given.payee[i])
        if marks[BLOCK] == LANES:
            _catch_up(brain, programs, r, terms, desk, given, out, fired)
        one, row = out[i], rows[marks[BLOCK]]
        marks[MOVED] += min(max(amount, 0), ROW_MINOR_MAX)
        _clear(one, fired[i])
        problem = check(s, time, p, q, amount, kind, BOTH)
        if problem != 0:
            one.action, one.ground, one.problem = _REFUSE, _INPUT, problem
            continue
        if time >= marks[DUE]:
            marks[MOVED] -= amount
            return i
        if follows:
            must = flow.flags[p] & DEBITS or flow.flags[q] & CREDITS
            if must or flow.state[USED] == len(flow.rows):
                marks[MOVED] -= amount
                return i
        clock = advance(s, time)
        traits = traits_of(s, clock, amount)
        action, source = 0, np.int64(-1)
        if mode & SCORES:
            read(s, clock, p, q, amount, kind, traits, row)
            if reads_patterns:
                source = read_patterns(graph, clock, p, q, amount, row, _OF_STATE)
            action = _weighed(brain, programs, r, terms, desk, given, i, clock, one, fired[i])
        else:
            one.ground = _UNSCORED
        one.action = action
        if action > 0:
            for feature in range(len(row)):
                kept[marks[KEPT], feature] = row[feature]
            one.kept = marks[KEPT]
            marks[KEPT] += 1
        if _DELAY <= action <= _HOLD:
            one.expires_us = clock + terms.wait_us[action]
            marks[DUE] = min(marks[DUE], one.expires_us)
            marks[ROOM] -= 1
        elif action < _DELAY:
            book(s, clock, p, q, amount, traits, BOTH)
            if reads_patterns and mode & SCORES:
                book_passing(graph, clock, p, q, amount, source)
            elif keeps_patterns:
                book_pattern(graph, clock, p, q, amount)
            if follows:
                one.row = flow.state[BASE] + flow.state[USED]
                write_row(flow, clock, p, q, amount, _assumed(flow, p, amount))
    return stop


@within
def _assumed(flow, payer, amount):
    """Return what a known payer is assumed to have got before, to pay so much [SEMANTICS 1]."""
    if flow.standing[payer] != 0:
        return np.int64(0)
    return max(np.int64(0), amount - (flow.into[payer] - flow.out[payer]))


__all__ = ["decide"]
