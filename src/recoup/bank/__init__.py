"""A bank's side: rules, books, the port to its core system, the agent, a sandbox and the acceptance cards. Knows no case."""

from recoup.bank.agent import Agent, Identity, OrderIdTaken, Replied
from recoup.bank.core import CoreBanking, CoreBlock
from recoup.bank.rules import Account, Terms
from recoup.bank.store import BankStore

__all__ = [
    "Account",
    "Agent",
    "BankStore",
    "CoreBanking",
    "CoreBlock",
    "Identity",
    "OrderIdTaken",
    "Replied",
    "Terms",
]
