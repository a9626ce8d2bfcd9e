"""What no system can beat: everything inside frozen at once, and the same with the time that institutions take."""

from recoup.rehearse.limits.axes import Axes, axes_of
from recoup.rehearse.limits.bound import Bounded, Limits, limits_of
from recoup.rehearse.limits.counting import LIMITS, limit_figures

__all__ = ["LIMITS", "Axes", "Bounded", "Limits", "axes_of", "limit_figures", "limits_of"]
