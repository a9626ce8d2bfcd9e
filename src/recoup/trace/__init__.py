"""Tracing: rules, kernels, the trail they make, its bound and its layout. Pure: no file, no clock, no chance.

Called, it traces data frames: `recoup.trace(transfers, claims, rule="fifo")`; all arguments stand at `recoup.tracing.trace`.
"""

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from recoup.trace.course import Carried, Course, Left, Lies, Lost, Moved, course_of
from recoup.trace.rules import RANGE, RULES, Rule, expand
from recoup.trace.short_way import Disputed, Kept, Rows, SmallCase, short_way
from recoup.trace.trace import trace_dossier
from recoup.trace.trail import Options, Trail

__all__ = [
    "RANGE",
    "RULES",
    "Carried",
    "Course",
    "Disputed",
    "Kept",
    "Left",
    "Lies",
    "Lost",
    "Moved",
    "Options",
    "Rows",
    "Rule",
    "SmallCase",
    "Trail",
    "course_of",
    "expand",
    "short_way",
    "trace_dossier",
]


class _Room(ModuleType):
    """The package `recoup.trace` is also the function `recoup.trace(...)`: so the module can be called."""

    @property
    def __signature__(self) -> inspect.Signature:
        """The function's own signature: what help and completion show."""
        return inspect.signature(import_module("recoup.tracing").trace)

    def __call__(self, *args: Any, **kwargs: Any) -> Trail:
        """Trace data frames; see `recoup.tracing.trace`, which this calls."""
        trail: Trail = import_module("recoup.tracing").trace(*args, **kwargs)
        return trail


sys.modules[__name__].__class__ = _Room
