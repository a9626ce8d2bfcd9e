"""What waits for a person in the room of care, read off its register. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from recoup.care import OPEN_DISSUASIONS, STEP_OF, Dissuasion, Measure, MeasureState
from recoup.centre.cared import Cared
from recoup.centre.worklist import Todo, Waits


def care_todos(cared: Cared, is_reached: Callable[[str], bool]) -> Iterator[Todo]:
    """Yield what waits in the measures and dissuasions of these units; no case is behind them, so each is named as its own."""
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


__all__ = ["care_todos"]
