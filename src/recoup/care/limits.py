"""Every bound of leads, dissuasions and measures; those of the whole program stand in `recoup.limits`."""

from __future__ import annotations

from typing import Final

LEAD_ACCOUNTS_MAX: Final = 20
"""Accounts of a payer that one lead may name."""

DISSUASION_LEADS_MAX: Final = 100
"""Leads that may meet in one dissuasion."""

DISSUASION_CONTACTS_MAX: Final = 100
"""Attempts to speak to one payer in one dissuasion."""

MEASURE_APPEALS_MAX: Final = 20
"""Appeals against one measure, one after another."""

DECISION_CODES_MAX: Final = 40
"""Reasons of one decision of a watch that an appeal may repeat."""

DECISION_CODE_CHARS_MAX: Final = 64
"""Of one of them."""

DECISION_TEXT_CHARS_MAX: Final = 5000
"""Of what a holder writes against a decision."""
