"""Where money leaves, as launderers know it: cash machines, abroad, merchants that sell goods, desks. Not accounts of crews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recoup.rehearse.country import Country, HolderKind, InstitutionKind


@dataclass(frozen=True, slots=True)
class Desk:
    """One that sells virtual currency: paid at a bank, delivers from its account at an exchange where it has one."""

    paid: int
    stock: int | None


@dataclass(frozen=True, slots=True)
class Places:
    """Account numbers, ascending."""

    cash: tuple[int, ...]
    abroad: tuple[int, ...]
    goods: tuple[int, ...]
    desks: tuple[Desk, ...]
    aggregated: tuple[int, ...]
    """Accounts at fourth-party aggregators that were made for laundering, and settle for many crews."""
    kinds: tuple[InstitutionKind, ...]
    """Of every institution, by its number."""

    @classmethod
    def of(cls, country: Country) -> Places:
        """Return the places of a country."""
        accounts = country.accounts
        kinds = tuple(one.kind for one in country.institutions)
        at = np.array([list(InstitutionKind).index(kind) for kind in kinds], np.int64)
        kind_at = at[accounts.institution]

        def where(kind: InstitutionKind, holder: HolderKind | None = None) -> tuple[int, ...]:
            chosen = kind_at == list(InstitutionKind).index(kind)
            if holder is not None:
                chosen &= accounts.holder_kind == holder
            return tuple(np.flatnonzero(chosen).tolist())

        stocks = {
            int(accounts.holder[account]): account
            for account in where(InstitutionKind.EXCHANGE, HolderKind.DESK)
        }
        at_banks = where(InstitutionKind.BANK, HolderKind.DESK)
        paid = at_banks or where(InstitutionKind.PAYMENT, HolderKind.DESK) or tuple(stocks.values())
        desks = tuple(Desk(one, stocks.get(int(accounts.holder[one]))) for one in paid)
        merchants = np.flatnonzero(accounts.holder_kind == HolderKind.MERCHANT)
        return cls(
            cash=where(InstitutionKind.CASH),
            abroad=where(InstitutionKind.ABROAD),
            goods=tuple(merchants.tolist()),
            desks=desks,
            aggregated=where(InstitutionKind.AGGREGATOR, HolderKind.SHELL),
            kinds=kinds,
        )


__all__ = ["Desk", "Places"]
