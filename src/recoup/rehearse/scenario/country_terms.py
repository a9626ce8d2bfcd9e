"""The section `country`: how many people, when, and how they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from recoup.rehearse.scenario.quantities import (
    Amount,
    Between,
    Count,
    Duration,
    Factor,
    Share,
    Word,
)


@dataclass(frozen=True)
class CountryTerms:
    """How many people live there, when it is played, and what they pay."""

    begin: Annotated[Word, "The first day, as YYYY-MM-DD; the play begins at its midnight."] = (
        "2026-03-09"
    )
    days: Annotated[Count, Between(1, 60), "How long payments are made, in days."] = 3
    timezone: Annotated[Word, "Where people live, a name of the time zone database."] = (
        "Asia/Shanghai"
    )
    currency: Annotated[Word, "The one currency, by ISO 4217."] = "CNY"
    people: Annotated[Count, Between(200, 3_000_000), "People with accounts."] = 200_000
    people_a_firm: Annotated[
        Factor, Between(5, 1_000), "People for one firm that pays salaries."
    ] = 50.0
    people_a_merchant: Annotated[
        Factor, Between(5, 1_000), "People for one shop or small merchant."
    ] = 25.0
    people_a_desk: Annotated[
        Factor, Between(50, 100_000), "People for one honest seller of virtual currency."
    ] = 2_500.0
    payments_a_day: Annotated[
        Factor, Between(0.1, 20), "Payments that a person makes a day, in the mean."
    ] = 2.2
    second_account: Annotated[Share, "People with a wallet beside their bank account."] = 0.6
    coin_account: Annotated[Share, "People with an account at an exchange."] = 0.03
    merchants_at_payment: Annotated[Share, "Merchants paid at a payment institution."] = 0.7
    merchants_at_aggregator: Annotated[
        Share, "Merchants paid through an aggregator; the rest have banks."
    ] = 0.12
    activity_sigma: Annotated[
        Factor, Between(0, 3), "Spread of how much people pay: sigma of the logarithm."
    ] = 0.8
    counterparty_exponent: Annotated[
        Factor, Between(0.1, 3), "How uneven merchants' custom is: the exponent of Zipf's law."
    ] = 0.9
    acquaintances: Annotated[Count, Between(2, 100), "Other people whom a person pays."] = 8
    purchase_median: Annotated[Amount, "What is paid in a shop, the median."] = 2_800
    purchase_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 1.1
    gift_median: Annotated[Amount, "What acquaintances pay each other, the median."] = 10_000
    gift_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 1.3
    salary_median: Annotated[Amount, "A month's salary, the median."] = 650_000
    salary_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 0.5
    salaries_a_day: Annotated[Share, "Employees whose payday a working day is."] = 0.04
    rents_a_day: Annotated[Share, "People whose rent is due on a day."] = 0.012
    savings_median: Annotated[
        Amount, "What lies on a bank account beyond what will be needed, the median."
    ] = 180_000
    savings_sigma: Annotated[Factor, Between(0, 4), "Its spread: sigma of the logarithm."] = 1.9
    near_empty: Annotated[Share, "Accounts on which hardly anything lies."] = 0.3
    large_a_day: Annotated[
        Share, "People who on a day pay a large sum to somebody new: a car, a school, a loan."
    ] = 0.003
    large_median: Annotated[Amount, "Such a large sum, the median."] = 1_500_000
    large_sigma: Annotated[Factor, Between(0, 3), "Its spread: sigma of the logarithm."] = 1.0
    circles_a_day: Annotated[
        Share, "People who on a day pass a sum around a circle of friends."
    ] = 0.0003
    collectors_a_day: Annotated[
        Share, "People who on a day collect money of a group and pay it on in one sum."
    ] = 0.002
    passers_on_a_day: Annotated[
        Share, "People who on a day receive a larger sum and pass it on within minutes."
    ] = 0.004
    coin_buyers_a_day: Annotated[
        Share, "People who on a day buy or sell virtual currency at a desk."
    ] = 0.003
    cash_a_day: Annotated[Share, "People who on a day draw cash."] = 0.04
    abroad_a_day: Annotated[Share, "People who on a day pay abroad."] = 0.002
    weekend: Annotated[
        Factor, Between(0, 5), "Payments of a Saturday or Sunday, against a working day's."
    ] = 1.15
    second_precision: Annotated[
        Share, "Payments whose time is kept in whole seconds; others in milliseconds."
    ] = 0.7
    no_device: Annotated[Share, "Accounts of which no device is known."] = 0.06
    shared_device: Annotated[Share, "Accounts used from the device of another holder."] = 0.05
    warmup: Annotated[Duration, Between("0s", "30d"), "No fraud begins earlier."] = (
        6 * 3_600_000_000
    )


__all__ = ["CountryTerms"]
