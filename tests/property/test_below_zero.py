"""No account ever holds less than nothing of a claim, also an unknown one that is asked for more than it has left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twin import FEATURES, random_world
from twin.cases import CAUSAL
from twin.world import Dispute

from recoup.trace import trace_dossier


@pytest.mark.parametrize("rule", CAUSAL)
def test_a_link_out_of_an_account_that_gave_money_back_takes_no_more_than_is_left(
    rule: str,
) -> None:
    features = FEATURES - {"holds", "conversions", "horizon", "dust", "unadmitted", "claims_many"}
    world = random_world(1136, 30, features, amount_max=1_000_000_000)
    asked = replace(world, claims=(Dispute("c", "v", "t14"),)).with_rules(rule)
    trail = trace_dossier(asked.dossier(), asked.claim_table(), asked.options)
    assert trail.unknown.rows(named=True)[0]["amount"] == 371078187
    assert trail.unknown.height == 1
