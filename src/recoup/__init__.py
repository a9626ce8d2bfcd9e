"""Recoup stops, intercepts, traces and returns defrauded money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recoup._version import __version__

if TYPE_CHECKING:
    from recoup import trace as trace
    from recoup.errors import Fault, InputFault, LimitFault
    from recoup.trace.trail import Trail
    from recoup.tracing import transfers_frame

__all__ = ["Fault", "InputFault", "LimitFault", "Trail", "__version__", "trace", "transfers_frame"]

_HOME = {
    "Fault": "recoup.errors",
    "InputFault": "recoup.errors",
    "LimitFault": "recoup.errors",
    "Trail": "recoup.trace.trail",
    "trace": "recoup.trace",
    "transfers_frame": "recoup.tracing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `recoup --help` starts without numba and polars."""
    if name not in _HOME:
        raise AttributeError(f"module 'recoup' has no attribute {name!r}")
    from importlib import import_module

    home = import_module(_HOME[name])
    value = home if name == "trace" else getattr(home, name)
    globals()[name] = value
    return value
