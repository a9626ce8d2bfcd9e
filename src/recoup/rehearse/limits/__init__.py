"""What no system can beat: everything inside frozen at once, and the same with the time that institutions take."""

from recoup.rehearse.limits.bound import Bounded, Limits, limits_of

__all__ = ["Bounded", "Limits", "limits_of"]
