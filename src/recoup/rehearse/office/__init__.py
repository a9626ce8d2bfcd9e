"""The real centre and the real agents in virtual time, as policies: a recall, an officer a hop, the chase; and the return."""

from recoup.rehearse.office.desk import case_of
from recoup.rehearse.office.policy import OfficePolicy, chase, first_hop, manual
from recoup.rehearse.office.terms import Mandate, OfficeTerms

__all__ = ["Mandate", "OfficePolicy", "OfficeTerms", "case_of", "chase", "first_hop", "manual"]
