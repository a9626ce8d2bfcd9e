"""The section `habits`: what innocent people, firms and merchants pay for, in which shares and sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from recoup.rehearse.scenario.quantities import Amount, Between, Factor, Share


@dataclass(frozen=True)
class HabitTerms:
    """What innocents pay for, and how much; medians of lognormal sums."""

    purchases: Annotated[Share, "Daily payments that are made in shops."] = 0.64
    gifts: Annotated[Share, "Daily payments to acquaintances."] = 0.22
    strangers: Annotated[Share, "Daily payments to strangers who sell things."] = 0.06
    top_ups: Annotated[Share, "Daily payments between an own account and the own wallet."] = 0.08
    by_wallet: Annotated[Share, "Payments that who has a wallet makes from it."] = 0.7
    sellers: Annotated[Share, "People who sell things to strangers."] = 0.03
    employed: Annotated[Share, "People who work for a firm."] = 0.6
    landlords: Annotated[Share, "People to whom rent is paid."] = 0.04
    sublet: Annotated[Share, "Rents of which the landlord passes a part on at once."] = 0.3
    supplies_a_day: Annotated[
        Factor, Between(0, 50), "Payments of a firm or merchant to firms, a day."
    ] = 0.5
    coins_at_exchange: Annotated[
        Share, "Of who trades virtual currency, those with an account at an exchange."
    ] = 0.7
    top_up_median: Annotated[Amount, "Moved between account and wallet."] = 20_000
    note: Annotated[Amount, "Cash comes in multiples of it."] = 10_000
    cash_median: Annotated[Amount, "Cash drawn or paid in."] = 80_000
    abroad_median: Annotated[Amount, "Paid abroad."] = 250_000
    rent_median: Annotated[Amount, "A month's rent."] = 162_500
    supplies_median: Annotated[Amount, "Paid for supplies."] = 400_000
    collected_median: Annotated[Amount, "What each pays to a collector."] = 6_000
    handed_median: Annotated[Amount, "What a family hands over and on."] = 500_000
    circle_median: Annotated[Amount, "What goes around among friends."] = 150_000
    coins_median: Annotated[Amount, "Virtual currency, bought or sold."] = 200_000


__all__ = ["HabitTerms"]
