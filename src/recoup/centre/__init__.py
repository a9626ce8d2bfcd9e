"""The centre: use cases over the pure rooms, put together with stores and clocks. So far its single writer and its notary."""

from recoup.centre.notary import Notary
from recoup.centre.writer import Writer

__all__ = ["Notary", "Writer"]
