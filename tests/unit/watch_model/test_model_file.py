"""The file of a model: altered, cut short, of other features or of another version, it is refused by name."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup import limits
from recoup.errors import ModelFault, ModelProblem
from recoup.watch.model import (
    Model,
    Parameters,
    Training,
    Tree,
    bins_of,
    named_features,
    read_model,
    write_model,
)
from recoup.watch.model.calibration import UNFITTED
from recoup.watch.model.columns import FeatureSet
from recoup.watching import load_model, save_model

FEATURES = named_features(("a", "b"))
TREE = Tree(
    (0, 1), (0.5, math.inf), (2, 2), (True, False), (1, -2), (-1, -3), (0.1, -0.2, 0.3), (3, 4, 5)
)


def model(*trees: Tree) -> Model:
    bins = tuple(bins_of(name, np.arange(5.0)) for name in FEATURES.names)
    training = Training((), Parameters(), 0, 1, 0, 5, 1, 0, 0, 0)
    score_bins = bins_of("score", np.arange(5.0))
    return Model(FEATURES, trees or (TREE,), UNFITTED, (), bins, score_bins, training)


GOOD = write_model(model())


def problem_of(content: bytes, features: FeatureSet | None = FEATURES) -> ModelProblem | None:
    try:
        read_model(content, features)
    except ModelFault as fault:
        return fault.problem
    return None


def resealed(change) -> bytes:
    """The file with another content, its digest right again: what somebody who knows the format could write."""
    document = json.loads(GOOD)
    change(document["body"])
    body = json.dumps(document["body"], separators=(",", ":")).encode()
    digest = hashlib.sha256(body).hexdigest()
    return (
        f'{{"format":"recoup model","version":1,"digest":"{digest}","body":'.encode()
        + body
        + b"}\n"
    )


def test_a_good_file_is_read_and_written_to_the_same_bytes() -> None:
    assert problem_of(GOOD) is None
    assert write_model(read_model(GOOD)) == GOOD
    assert json.loads(GOOD)["digest"] == model().digest
    assert read_model(GOOD).trees == (TREE,)  # the endless threshold too


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_changed_byte_and_no_cut_is_taken(data) -> None:
    at = data.draw(st.integers(0, len(GOOD) - 1))
    if data.draw(st.booleans()):
        assert problem_of(GOOD[:at]) is not None
    else:
        flipped = GOOD[at] ^ data.draw(st.integers(1, 255))
        assert problem_of(GOOD[:at] + bytes([flipped]) + GOOD[at + 1 :]) is not None


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_model_are_refused_whatever_they_are(noise) -> None:
    assert problem_of(noise) is ModelProblem.UNREADABLE


def test_each_way_of_being_wrong_has_its_name() -> None:
    assert problem_of(GOOD[:-20]) is ModelProblem.CUT_SHORT
    assert problem_of(GOOD.replace(b'"a"', b'"c"', 1)) is ModelProblem.ALTERED
    assert problem_of(GOOD.replace(b'"version":1', b'"version":2')) is ModelProblem.VERSION_UNKNOWN
    assert problem_of(b"PK\x03\x04") is ModelProblem.UNREADABLE


def test_a_model_of_other_features_is_refused_and_says_which() -> None:
    others = named_features(("a", "c"))
    with pytest.raises(ModelFault, match="feature 1: expected c, was b") as caught:
        read_model(GOOD, others)
    assert caught.value.problem is ModelProblem.OTHER_FEATURES
    assert problem_of(GOOD, named_features(("a",))) is ModelProblem.OTHER_FEATURES
    same_names = FeatureSet(FEATURES.names, "0" * 64)
    assert problem_of(GOOD, same_names) is ModelProblem.OTHER_FEATURES
    with pytest.raises(ModelFault, match="columns"):
        model().raw_scores(np.zeros((1, 3)))


def a_cycle(body) -> None:
    body["trees"][0][4] = [0, -2]


@pytest.mark.parametrize(
    "change",
    [
        a_cycle,
        lambda body: body["trees"].clear(),
        lambda body: body["trees"][0][0].__setitem__(0, 2),  # a feature that is not there
        lambda body: body["trees"][0][4].__setitem__(1, -9),  # a leaf that is not there
        lambda body: body["trees"][0][4].__setitem__(1, -1),  # one leaf twice
        lambda body: body["trees"][0][2].__setitem__(0, 7),
        lambda body: body["trees"][0][1].pop(),
        lambda body: body["trees"][0].pop(),
        lambda body: body["trees"][0][6].__setitem__(0, None),
        lambda body: body["trees"][0][7].__setitem__(0, -1),
        lambda body: body["calibration"].__setitem__("levels", [1.0]),
        lambda body: body["calibration"].update(kind="isotonic", knots=[1, 0], levels=[0, 1]),
        lambda body: body["calibration"].update(kind="isotonic", knots=[0, 1], levels=[0, 2]),
        lambda body: body["bins"].pop(),
        lambda body: body["score_bins"]["counts"].pop(),
        lambda body: body.__setitem__("more", 1),
    ],
)
def test_a_content_that_is_no_forest_is_refused_though_its_digest_is_right(change) -> None:
    assert problem_of(resealed(lambda _: None)) is None
    assert problem_of(resealed(change)) is ModelProblem.MALFORMED


def deep(depth: int) -> Tree:
    """A tree that leads on to the right only."""
    splits = range(depth)
    rights = tuple(split + 1 if split < depth - 1 else -depth - 1 for split in splits)
    lefts = tuple(-split - 1 for split in splits)
    same = (0,) * depth
    return Tree(
        same,
        (0.0,) * depth,
        same,
        (True,) * depth,
        lefts,
        rights,
        (1.0,) * (depth + 1),
        (1,) * (depth + 1),
    )


def test_bounds_hold_at_the_bound_and_not_past_it() -> None:
    stump = deep(1)
    for good, bad in (
        ([deep(limits.MODEL_DEPTH_MAX)], [deep(limits.MODEL_DEPTH_MAX + 1)]),
        ([stump] * limits.MODEL_TREES_MAX, [stump] * (limits.MODEL_TREES_MAX + 1)),
    ):
        assert problem_of(write_model(model(*good))) is None
        assert problem_of(write_model(model(*bad))) is ModelProblem.MALFORMED


def test_a_file_on_disk_is_whole_or_refused(tmp_path) -> None:
    path = tmp_path / "new" / "model.json"
    save_model(model(), path)
    assert load_model(path, FEATURES).digest == model().digest
    assert [one.name for one in path.parent.iterdir()] == ["model.json"]
    with pytest.raises(ModelFault, match=r"other\.json"):
        load_model(tmp_path / "other.json")
    with path.open("r+b") as file:  # a file with a hole takes no room on the disk
        file.truncate(limits.MODEL_BYTES_MAX + 1)
    with pytest.raises(ModelFault, match="too many"):
        load_model(path)


def test_a_tree_of_one_leaf_is_a_tree() -> None:
    leaf = Tree((), (), (), (), (), (), (0.25,), (9,))
    assert model(leaf).raw_scores(np.zeros((1, 2))).tolist() == [0.25]
    assert (
        problem_of(write_model(model(replace(leaf, values=(0.25, 0.5), counts=(9, 9)))))
        is ModelProblem.MALFORMED
    )
