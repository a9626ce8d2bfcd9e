"""A run shown: page, press release, live figures, sweeps."""

from recoup.rehearse.report.files import write_report
from recoup.rehearse.report.out import FORMAT, document, out_schema

__all__ = ["FORMAT", "document", "out_schema", "write_report"]
