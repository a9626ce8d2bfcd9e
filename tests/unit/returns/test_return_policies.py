"""Return policies are data: each term has a source in LAW.md or says whose choice it is; a wrong file is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recoup.errors import PolicyFault
from recoup.reading import return_policies
from recoup.reading.return_policies import (
    policy_of,
    policy_table,
    read_return_policy,
    shipped_return_policies,
)
from recoup.returns import Basis, Claim, ClaimKind, Standing, reimbursed

ROOT = Path(__file__).parents[3]
ANCHORS = set(re.findall(r"\{#([\w-]+)\}", (ROOT / "docs/LAW.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", shipped_return_policies())
def test_every_source_is_explained_and_own_choices_are_assumed(name: str) -> None:
    policy = read_return_policy(name)
    assert policy.id == name
    for choice in policy.choices:
        if choice.source.startswith("choice of this project"):
            assert choice.standing is Standing.ASSUMED, choice
        else:
            assert choice.source in ANCHORS, choice


@pytest.mark.parametrize("name", shipped_return_policies())
def test_a_policy_written_down_reads_as_itself(name: str) -> None:
    policy = read_return_policy(name)
    assert policy_of(policy_table(policy)) == policy


def test_the_policy_of_the_provisions_follows_the_definitions() -> None:
    policy = read_return_policy("cn-2016")
    assert (policy.rules, policy.strength) == (("fifo",), ("fifo", "lifo", "rolling"))
    assert (policy.own_first, policy.basis, policy.is_payable) == (True, Basis.CASE, True)
    assert {"rules", "own_first"} <= {choice.term for choice in policy.assumed}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "cn-2016"', "", "id"),
        ('value = ["fifo"]', 'value = ["poison"]', "rules"),
        ('value = ["fifo"]', 'value = "fifo"', "rules"),
        ("own_first = { value = true", 'own_first = { value = "yes"', "own_first"),
        ('basis = { value = "case"', 'basis = { value = "street"', "street"),
        ("payable = true", "payable = true\nbonus = 3", "bonus"),
        ('source = "re-hallett-1880"', 'source = " "', "source"),
        ('source = "re-hallett-1880", standing = "assumed"', 'standing = "sure"', "source"),
        ("payable = true", "payable = ", "policy"),
    ],
)
def test_a_wrong_file_is_refused_and_what_is_wrong_is_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    text = (return_policies._HERE / "cn-2016.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyFault, match=named):
        read_return_policy(path)


def test_the_scheme_of_reimbursement_caps_takes_an_excess_and_is_borne_by_halves() -> None:
    terms = read_return_policy("uk-2024").reimbursement
    assert terms is not None
    cases = {
        # what is missed: what is reimbursed, by the payer's institution, by the payee's
        50_000: (40_000, 20_000, 20_000),
        10_000: (0, 0, 0),
        10_003: (3, 2, 1),
        8_500_000: (8_490_000, 4_245_000, 4_245_000),
        8_500_001: (8_490_000, 4_245_000, 4_245_000),
    }
    for loss, expected in cases.items():
        found = reimbursed(Claim("c", "V", "GBP", loss), terms)
        assert found is not None
        assert (found.amount, found.by_sending, found.by_receiving) == expected
    partly = reimbursed(Claim("c", "V", "GBP", 50_000, returned=20_000), terms)
    assert partly is not None
    assert partly.amount == 20_000
    assert reimbursed(Claim("c", "V", "CNY", 50_000), terms) is None
    assert reimbursed(Claim("c", "V", "GBP", 50_000, kind=ClaimKind.THIRD_PARTY), terms) is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"85000.00"', '"much"', "decimal"),
        ('"85000.00"', '"0.00"', "cap"),
        ("value = 50,", "value = 150,", "sending_percent"),
        ("cap = { value", "lid = { value", "reimbursement"),
        ('{ after = "it is recovered", to =', '{ when = "it is recovered", to =', "unclaimed"),
        ('interest = { value = "apart"', 'interest = { value = "mine"', "mine"),
    ],
)
def test_a_wrong_scheme_or_term_is_refused(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = (return_policies._HERE / "uk-2024.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyFault, match=named):
        read_return_policy(path)


def test_a_file_of_the_same_form_is_a_policy(tmp_path: Path) -> None:
    text = (return_policies._HERE / "cn-2016.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace('"case"', '"account"'), encoding="utf-8")
    assert read_return_policy(path).basis is Basis.ACCOUNT
