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
