"""Every bound of rules and sets of rules, named with its unit; those of the whole program stand in `recoup.limits`."""

from __future__ import annotations

from typing import Final

RULE_CHARS_MAX: Final = 4_096
"""Characters of one rule's expression, or of one of its thresholds."""

RULE_DEPTH_MAX: Final = 32
"""Expressions within expressions in one rule; also the terms of one chain of sums or products."""

RULE_PARTS_MAX: Final = 512
"""Names, figures and operations of one rule, thresholds put in: bounds its program and the time that it takes."""

RULE_STACK_MAX: Final = 64
"""Values that one rule keeps at once while it is worked out."""

RULE_SET_BYTES_MAX: Final = 2**20
"""Bytes of one file of rules."""

RULE_SET_RULES_MAX: Final = 1_000
"""Rules of one set."""

RULE_LISTS_MAX: Final = 64
"""Lists that the rules of one set may ask."""

RULE_SNOOZES_MAX: Final = 2_000
"""Snoozes of one set."""

RULE_SNOOZE_SECONDS_MAX: Final = 90 * 86_400
"""Seconds that one snooze may last; then somebody looks again."""

RULE_PROBLEMS_MAX: Final = 200
"""Problems of one set that are named; the rest is counted."""
