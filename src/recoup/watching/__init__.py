"""The shell of watch: files into models, models into figures and scored transfers. The figures are made in `watch`."""

from recoup.watching.asked import Asked
from recoup.watching.backtesting import currencies_of
from recoup.watching.deciding import Watch
from recoup.watching.decision_log import DecisionLog
from recoup.watching.decisions import Decisions, EndedPayment
from recoup.watching.features import NO_REPORTS, Features, Reports, StreamFeatures
from recoup.watching.filing import decide_transfers
from recoup.watching.materials import Materials, open_materials
from recoup.watching.models import load_model, save_model, write_whole
from recoup.watching.policy_files import read_policy, shipped_policies
from recoup.watching.replay import Replayed, currencies_of_log, replay
from recoup.watching.work import (
    Period,
    evaluate_model,
    meanings_of,
    microseconds,
    parquet_bytes,
    score_transfers,
    train_model,
)

__all__ = [
    "NO_REPORTS",
    "Asked",
    "DecisionLog",
    "Decisions",
    "EndedPayment",
    "Features",
    "Materials",
    "Period",
    "Replayed",
    "Reports",
    "StreamFeatures",
    "Watch",
    "currencies_of",
    "currencies_of_log",
    "decide_transfers",
    "evaluate_model",
    "load_model",
    "meanings_of",
    "microseconds",
    "open_materials",
    "parquet_bytes",
    "read_policy",
    "replay",
    "save_model",
    "score_transfers",
    "shipped_policies",
    "train_model",
    "write_whole",
]
