"""What waits for a person in the room of care, read off its register. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from recoup.care import (
    OPEN_DISSUASIONS,
    STEP_OF,
    DecisionAppeal,
    Dissuasion,
    Measure,
    MeasureState,
)
from recoup.centre.cared import Cared
from recoup.centre.worklist import Todo, Waits


def care_todos(cared: Cared, is_reached: Callable[[str], bool]) -> Iterator[Todo]:
    """Yield what waits in these units' measures, dissuasions and appeals; no case is behind them: each is named as its own."""
    reached: dict[str, bool] = {}

    def is_here(unit: str) -> bool:
        if unit not in reached:
            reached[unit] = is_reached(unit)
        return reached[unit]

    for measure_id in cared.live:
        measure = cared.measures[measure_id]
        if is_here(measure.unit):
            yield from _of_measure(measure, cared.dissuasions.get(measure.about))
    for task_id in cared.running:
        task = cared.dissuasions[task_id]
        if is_here(task.unit):
            yield _of_dissuasion(task)
    for appeal_id in cared.undecided:
        appeal = cared.appeals[appeal_id]
        if is_here(appeal.unit):
            yield _of_appeal(appeal)


def _of_measure(measure: Measure, task: Dissuasion | None) -> Iterator[Todo]:
    amount = measure.intercepted or 0

    def todo(kind: Waits, due_at: datetime | None) -> Todo:
        return Todo(
            kind,
            "",
            measure.unit,
            measure.id,
            measure.currency,
            amount,
            amount * 1000,
            due_at,
            measure.kind.value,
        )

    if measure.state is MeasureState.PROPOSED:
        yield todo(Waits.MEASURE, measure.ends_at)
        return
    if measure.told_at is None:
        yield todo(Waits.HOLDER, measure.notice_due_at)
    if measure.confirmed_at is None:
        yield todo(Waits.IN_FORCE, measure.began_at)
    appeal = measure.appeal
    if appeal is not None:
        yield todo(Waits.MEASURE_APPEAL, appeal.due_at)
    if measure.is_protection and (task is None or task.state not in OPEN_DISSUASIONS):
        # It frees by itself within its term; that it may go at once, another person than its makers says.
        yield todo(Waits.PROTECTION, measure.ends_at)


def _of_dissuasion(task: Dissuasion) -> Todo:
    step = STEP_OF[task.state]
    why = f"{task.grade} {step}"
    if task.due_at is None:  # all steps were made, or are late: how it ended is awaited
        why = f"{task.grade} outcome"
    due = task.due_at or task.ends_at
    value = task.amount * 1000
    return Todo(
        Waits.DISSUASION, "", task.unit, task.id, task.currency, task.amount, value, due, why
    )


def _of_appeal(appeal: DecisionAppeal) -> Todo:
    """An appeal comes by its limit, or by the end of what waits: decided after that it frees nothing."""
    due = min(appeal.due_at, appeal.waits_until or appeal.due_at)
    value = appeal.amount * 1000
    why = f"{appeal.kind} {appeal.ground}"
    kind = Waits.DECISION_APPEAL
    return Todo(kind, "", appeal.unit, appeal.id, appeal.currency, appeal.amount, value, due, why)


__all__ = ["care_todos"]
