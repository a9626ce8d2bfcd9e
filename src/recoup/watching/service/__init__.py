"""The watch over HTTP: JSON, Arrow and pacs.008 in, decisions out; a queue that sheds scoring, a log that loses no answer."""

from recoup.watching.service.app import Callers, Service
from recoup.watching.service.changing import Changes
from recoup.watching.service.core import WatchCore
from recoup.watching.service.desk import Desk, Terms
from recoup.watching.service.figures import Figures
from recoup.watching.service.files import Files, read_files
from recoup.watching.service.keeping import Keeping
from recoup.watching.service.openapi import described
from recoup.watching.service.port import (
    CONFIGURE,
    DECISIONS,
    REFUSED,
    Answers,
    Batch,
    Core,
    Extra,
    Listing,
    Reason,
)
from recoup.watching.service.problems import OF_PAYMENTS, PROBLEMS, ProblemError
from recoup.watching.service.serving import serve

__all__ = [
    "CONFIGURE",
    "DECISIONS",
    "OF_PAYMENTS",
    "PROBLEMS",
    "REFUSED",
    "Answers",
    "Batch",
    "Callers",
    "Changes",
    "Core",
    "Desk",
    "Extra",
    "Figures",
    "Files",
    "Keeping",
    "Listing",
    "ProblemError",
    "Reason",
    "Service",
    "Terms",
    "WatchCore",
    "described",
    "read_files",
    "serve",
]
