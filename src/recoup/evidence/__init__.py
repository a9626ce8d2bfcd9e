"""A trail as evidence: pages, pictures and documents that people read. Nothing here traces or changes a figure."""

from recoup.evidence.files import write_tables
from recoup.evidence.page import write_page
from recoup.evidence.picture import picture_of, picture_svg
from recoup.evidence.report import write_pdf
from recoup.evidence.staging import staged
from recoup.evidence.summary import summary_document
from recoup.evidence.workbook import write_workbook

__all__ = [
    "picture_of",
    "picture_svg",
    "staged",
    "summary_document",
    "write_page",
    "write_pdf",
    "write_tables",
    "write_workbook",
]
