"""What is kept of a case at most once it is reported: all frozen at once, and with the time that institutions take."""

from recoup.rehearse.limits.axes import Axes, axes_of
from recoup.rehearse.limits.bound import Bounded, Limits, limits_of
from recoup.rehearse.limits.counting import LIMITS, limit_figures

__all__ = ["LIMITS", "Axes", "Bounded", "Limits", "axes_of", "limit_figures", "limits_of"]
