"""The append-only journal: events as bytes, sealed records, the tree over them, checkpoints, verification. Pure."""

from recoup.journal.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from recoup.journal.events import Registry
from recoup.journal.record import Record, seal
from recoup.journal.tree import Frontier, Tree
from recoup.journal.verify import OwnCheckpoint, Tampering, Verified, Wrong, verify

__all__ = [
    "Checkpoint",
    "Frontier",
    "OwnCheckpoint",
    "Record",
    "Registry",
    "Tampering",
    "Tree",
    "Verified",
    "Wrong",
    "open_checkpoint",
    "seal",
    "sign_checkpoint",
    "verify",
]
