"""Tracing: rules, kernels, the trail they make, its bound and its layout. Pure: no file, no clock, no chance."""

from recoup.trace.rules import RANGE, RULES, Rule, expand
from recoup.trace.trace import trace_dossier
from recoup.trace.trail import Options, Trail

__all__ = ["RANGE", "RULES", "Options", "Rule", "Trail", "expand", "trace_dossier"]
