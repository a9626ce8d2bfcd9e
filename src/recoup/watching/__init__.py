"""The shell of watch: files into models, models into figures and scored transfers. The figures are made in `watch`."""

from recoup.watching.crossval import AccountMaterials, crossval_accounts, open_accounts
from recoup.watching.features import NO_REPORTS, Features, Reports, StreamFeatures
from recoup.watching.local_time import LocalTime
from recoup.watching.materials import Materials, open_materials
from recoup.watching.models import load_model, save_model, write_whole
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
    "AccountMaterials",
    "Features",
    "LocalTime",
    "Materials",
    "Period",
    "Reports",
    "StreamFeatures",
    "crossval_accounts",
    "evaluate_model",
    "load_model",
    "meanings_of",
    "microseconds",
    "open_accounts",
    "open_materials",
    "parquet_bytes",
    "save_model",
    "score_transfers",
    "train_model",
    "write_whole",
]
