"""Every figure of a rehearsal: its name, unit and meaning, in one place. OUT, its schema, the pages and the table go by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """What a figure counts."""

    MONEY = "minor units"
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    HOURS = "hours"
    DAYS = "days"
    MONEY_HOURS = "minor unit hours"

    @property
    def is_whole(self) -> bool:
        """Whether the figure is a whole number."""
        return self in {Unit.MONEY, Unit.COUNT, Unit.MONEY_HOURS}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a policy or a limit. Never null: 0 where there was nothing to measure, and a count says so."""

    name: str
    unit: Unit
    meaning: str
    zh: str
    counted_by: str = ""
    """The figure that says of how many this one is; 0 there means that this one says nothing."""


FIGURES: Final = (
    Figure("loss", Unit.MONEY, "what victims paid: instalments that were booked", "被骗金额"),
    Figure(
        "kept",
        Unit.MONEY,
        "stopped_net + intercepted_amount + averted_amount: every unit that criminals did not get, once",
        "保住金额",
    ),
    Figure("reports", Unit.COUNT, "frauds whose report was entered", "接报起数"),
    Figure("reported", Unit.MONEY, "loss of frauds whose report was entered", "报案金额"),
    Figure(
        "inside_at_report",
        Unit.MONEY,
        "of `reported`, what had not left when its report was entered: it lay with criminals",
        "接报时仍在系统内",
        "reports",
    ),
    Figure(
        "stopped_gross",
        Unit.MONEY,
        "the most that each hold of an order or a scheme held, summed: the same money counts at each hop, as it does in "
        "figures that ministries publish",
        "累计紧急止付(毛额)",
    ),
    Figure(
        "stopped_net",
        Unit.MONEY,
        "stolen money that an order or a scheme holds at the end, or that was returned, each unit once",
        "止付净额",
    ),
    Figure(
        "frozen", Unit.MONEY, "the most that each hold held for longer than a stop, summed", "冻结"
    ),
    Figure(
        "intercepted_accounts",
        Unit.COUNT,
        "accounts that the watch gave a measure, or caught money of",
        "拦截账户",
    ),
    Figure(
        "intercepted_amount",
        Unit.MONEY,
        "stolen money that the watch alone holds at the end, each unit once",
        "拦截金额",
    ),
    Figure(
        "dissuaded_victims",
        Unit.COUNT,
        "victims who did not pay, or paid no more, after a warning, a call, a visit or a wait",
        "劝阻人数",
    ),
    Figure("averted_amount", Unit.MONEY, "instalments that those victims never paid", "避免损失"),
    Figure("returned", Unit.MONEY, "what came back to victims", "返还"),
    Figure(
        "returned_share_of_frozen",
        Unit.SHARE,
        "returned / frozen; 0 where nothing was frozen",
        "返还占冻结",
        "frozen",
    ),
    Figure(
        "returned_of_others",
        Unit.MONEY,
        "of `returned`, what was not stolen by the truth: somebody else's money on the same account",
        "误返还(他人资金)",
    ),
    Figure("returns", Unit.COUNT, "payments back to victims", "返还笔数"),
    Figure(
        "days_to_return_p50",
        Unit.DAYS,
        "median of the days from report to return, over returns",
        "返还天数中位数",
        "returns",
    ),
    Figure(
        "left",
        Unit.MONEY,
        "stolen money that left: cash, abroad, or to somebody who took it in good faith",
        "已流出",
    ),
    Figure(
        "at_large",
        Unit.MONEY,
        "stolen money inside at the end that nobody holds: it lies on accounts of launderers",
        "未控制",
    ),
    Figure("accounts_held", Unit.COUNT, "accounts on which anything was held", "被控账户"),
    Figure(
        "innocent_accounts_held",
        Unit.COUNT,
        "of those, accounts whose holder is no criminal, and payers whose innocent payment waited or was refused",
        "被误控账户",
    ),
    Figure(
        "innocent_amount_held",
        Unit.MONEY,
        "what was held on such accounts, the most of each hold summed, and what waited or was refused",
        "误控金额(累计)",
    ),
    Figure(
        "innocent_amount_held_peak",
        Unit.MONEY,
        "the most that was held on such accounts or waited at one instant",
        "误控金额(峰值)",
    ),
    Figure(
        "innocent_amount_hours",
        Unit.MONEY_HOURS,
        "what was held on such accounts or waited, times how long",
        "误控金额·小时",
    ),
    Figure("innocent_releases", Unit.COUNT, "such holds and waits that ended", "误控解除次数"),
    Figure(
        "innocent_release_hours_p50",
        Unit.HOURS,
        "median of how long they lasted",
        "误控解除小时中位数",
        "innocent_releases",
    ),
    Figure(
        "innocent_appeals",
        Unit.COUNT,
        "appeals of such holders against what was held of theirs, or against a measure",
        "无辜户主申诉次数",
    ),
    Figure(
        "innocent_appeals_late",
        Unit.COUNT,
        "of those, after which something that was held when it was filed was held beyond the appeal clock",
        "申诉逾期未解除",
        "innocent_appeals",
    ),
    Figure(
        "innocent_own_held_peak",
        Unit.MONEY,
        "the most that was held of such holders beyond what could be traced to a crime, though they took that in good faith",
        "误控自有资金(峰值)",
    ),
    Figure(
        "false_hold_rate",
        Unit.SHARE,
        "innocent accounts with a hold / accounts_held; 0 where nothing was held",
        "误控率",
        "accounts_held",
    ),
    Figure(
        "held_over_loss_max",
        Unit.SHARE,
        "the most that live orders of a fraud asked for over what it still missed; beyond what was missing, 1 and what was too "
        "much over the loss; of a scheme also what it held over the loss",
        "控制额与损失之比(最大)",
    ),
    Figure(
        "overlap_max",
        Unit.MONEY,
        "the most that institutions held for one fraud beyond its entitlements",
        "超额控制(最大)",
    ),
    Figure("orders", Unit.COUNT, "orders sent", "指令数"),
    Figure(
        "hops_max",
        Unit.COUNT,
        "the farthest hop of an order; 0 at the account that a victim paid to",
        "最大层级",
        "orders",
    ),
    Figure("first_stops", Unit.COUNT, "reported frauds of which anything was stopped", "止付起数"),
    Figure(
        "seconds_to_first_stop_p50",
        Unit.SECONDS,
        "from a report's entry to the first money stopped",
        "首次止付秒数(中位)",
        "first_stops",
    ),
    Figure(
        "seconds_to_first_stop_p99",
        Unit.SECONDS,
        "the same, 99 of 100",
        "首次止付秒数(99分位)",
        "first_stops",
    ),
    Figure("hops", Unit.COUNT, "hops that a chase went beyond a first account", "追踪跳数"),
    Figure(
        "seconds_per_hop_p50",
        Unit.SECONDS,
        "from the first answer at one hop of a fraud to the first answer at the next",
        "每跳秒数(中位)",
        "hops",
    ),
    Figure("seconds_per_hop_p99", Unit.SECONDS, "the same, 99 of 100", "每跳秒数(99分位)", "hops"),
    Figure(
        "wall_seconds", Unit.SECONDS, "of a clock on the wall, without making the country", "用时"
    ),
)
"""In the order of the pages."""

NAMES: Final = tuple(one.name for one in FIGURES)

Figures = dict[str, int | float]
"""One value a figure, in the order of `FIGURES`."""

__all__ = ["FIGURES", "NAMES", "Figure", "Figures", "Unit"]
