"""A country as values: who is there, what they own, what they are going to pay, who is going to be defrauded."""

from recoup.rehearse.country.answer_times import answer_seconds
from recoup.rehearse.country.making import digest, make_country
from recoup.rehearse.country.values import (
    Accounts,
    Country,
    Fraud,
    HolderKind,
    Instalment,
    Institution,
    InstitutionKind,
    Schedule,
)

__all__ = [
    "Accounts",
    "Country",
    "Fraud",
    "HolderKind",
    "Instalment",
    "Institution",
    "InstitutionKind",
    "Schedule",
    "answer_seconds",
    "digest",
    "make_country",
]
