"""What is due outside the room of cases, for the list of a shift and the packet of a case: returns and care.

1. A return is led by the unit of its first case, so its clocks go with that case.
2. Care has no case behind it: its clocks are a unit's, and never in a packet.
3. Every clock that fires by itself is here, in the packet of a case, or has a reason not to be (a test has the whole list).
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.care import Dissuasion, Measure, MeasureState
from recoup.cases import Clock
from recoup.centre.cared import Cared
from recoup.procedure import Return
from recoup.procedure.clocks import NoticeRuns, clocks_of


def due_in_return(found: Return | None, case_id: str) -> Iterator[Clock]:
    """Yield what is due in a return; only its first case has it."""
    if found is None or found.cases[0] != case_id:
        return
    for row in clocks_of(found):
        if isinstance(row, NoticeRuns):
            yield Clock("return_notice", found.id, row.ends_at)
        else:
            yield Clock("return_payment", row.order_id, row.due_at)


def due_in_care(cared: Cared, unit: str) -> Iterator[Clock]:
    """Yield what is due in a unit's measures, dissuasions and appeals against a watch, and what it is asked about appeals."""
    for measure_id in cared.live:
        measure = cared.measures[measure_id]
        if measure.unit == unit:
            yield from _of_measure(measure)
    for task_id in cared.running:
        task = cared.dissuasions[task_id]
        if task.unit == unit:
            yield from _of_dissuasion(task)
    for appeal_id in cared.undecided:
        appeal = cared.appeals[appeal_id]
        if appeal.unit == unit:
            yield Clock("decision_appeal", appeal.id, appeal.due_at)
            if appeal.waits_until is not None:
                yield Clock("payment_waits", appeal.id, appeal.waits_until)
    for asked in cared.asked_of(unit):
        yield Clock("escalation", asked.id, asked.due_at)


def _of_measure(measure: Measure) -> Iterator[Clock]:
    if measure.state is MeasureState.PROPOSED:
        yield Clock("measure_proposal", measure.id, measure.ends_at)
        return
    yield Clock("measure", measure.id, measure.ends_at)
    if measure.told_at is None and measure.notice_due_at is not None:
        yield Clock("measure_notice", measure.id, measure.notice_due_at)
    if measure.appeal is not None:
        yield Clock("measure_appeal", measure.appeal.id, measure.appeal.due_at)


def _of_dissuasion(task: Dissuasion) -> Iterator[Clock]:
    if task.due_at is not None:
        yield Clock("dissuasion_step", task.id, task.due_at)
    yield Clock("dissuasion", task.id, task.ends_at)


__all__ = ["due_in_care", "due_in_return"]
