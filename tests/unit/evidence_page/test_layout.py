"""The layout keeps its promises: nothing overlaps, nothing is left out, cycles end, and the rows' order does not matter."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.trace.layout import Canvas, LayoutEdge, LayoutNode, lay_out


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 40))
    columns = draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    weights = draw(st.lists(st.integers(0, 10**12), min_size=count, max_size=count))
    nodes = [
        LayoutNode(f"n{i}", c, w, int(i % 7 == 6))
        for i, (c, w) in enumerate(zip(columns, weights, strict=True))
    ]
    ends = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(ends, ends, st.integers(0, 10**12)), max_size=80))
    return nodes, [LayoutEdge(f"n{s}", f"n{t}", w) for s, t, w in pairs]


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_bars_of_a_column_do_not_overlap_and_stay_on_the_canvas(graph):
    layout = lay_out(*graph)
    for column, _ in layout.columns:
        boxes = [
            box for node, box in zip(graph[0], layout.boxes, strict=True) if node.column == column
        ]
        boxes.sort(key=lambda box: box.y)
        assert all(a.y + a.height <= b.y + 1e-6 for a, b in pairwise(boxes))
        assert boxes[0].y >= -1e-6
        assert boxes[-1].y + boxes[-1].height <= layout.height + 1e-6


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_every_edge_has_a_course_from_the_side_of_its_payer_to_the_side_of_its_payee(graph):
    nodes, edges = graph
    layout = lay_out(nodes, edges)
    box_of = {node.key: box for node, box in zip(nodes, layout.boxes, strict=True)}
    column_of = {node.key: node.column for node in nodes}
    assert len(edges) == len(layout.ribbons)
    for edge, ribbon in zip(edges, layout.ribbons, strict=True):
        source, target = box_of[edge.source], box_of[edge.target]
        assert (ribbon.x0, ribbon.x1) == (source.x + source.width, target.x)
        assert source.y - 1e-6 <= ribbon.y0 <= source.y + source.height + 1e-6
        assert target.y - 1e-6 <= ribbon.y1 <= target.y + target.height + 1e-6
        way = column_of[edge.target] - column_of[edge.source]
        assert ribbon.route == ("forward" if way > 0 else "back" if way < 0 else "level")


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_rows_does_not_matter(graph, chance):
    nodes, edges = graph
    expected = dict(zip((n.key for n in nodes), lay_out(nodes, edges).boxes, strict=True))
    shuffled = chance.sample(nodes, len(nodes))
    layout = lay_out(shuffled, chance.sample(edges, len(edges)))
    assert expected == dict(zip((n.key for n in shuffled), layout.boxes, strict=True))


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_labels_of_a_column_do_not_touch(graph):
    canvas = Canvas()
    layout = lay_out(*graph, canvas)
    for column, _ in layout.columns:
        spans = sorted(
            (box.y + box.height / 2 - side, box.y + box.height / 2 + side)
            for node, box in zip(graph[0], layout.boxes, strict=True)
            if node.column == column and box.lines
            for side in [box.lines * canvas.line_height / 2]
        )
        assert all(a[1] <= b[0] + 1e-6 for a, b in pairwise(spans))


def test_money_that_goes_round_returns_through_a_lane_outside_of_the_bars():
    nodes = [LayoutNode(name, i, 5) for i, name in enumerate("abc")]
    ring = [LayoutEdge("a", "b", 5), LayoutEdge("b", "c", 5), LayoutEdge("c", "a", 5)]
    layout = lay_out(nodes, ring)
    lane = layout.ribbons[2].lane
    assert layout.ribbons[2].route == "back"
    assert all(not box.y <= lane <= box.y + box.height for box in layout.boxes)


def test_widths_compare_across_the_picture():
    nodes = [LayoutNode("v", 0, 300), LayoutNode("a", 1, 100), LayoutNode("b", 1, 200)]
    layout = lay_out(nodes, [LayoutEdge("v", "a", 100), LayoutEdge("v", "b", 200)])
    assert layout.ribbons[1].width == pytest.approx(2 * layout.ribbons[0].width)


def test_barycentres_lower_the_crossings_of_a_tangled_picture():
    chance = random.Random(5)
    rows = list(range(30))
    chance.shuffle(rows)
    nodes = [LayoutNode(f"a{i:02}", 0, 1) for i in range(30)]
    nodes += [LayoutNode(f"b{i:02}", 1, 1) for i in range(30)]
    layout = lay_out(nodes, [LayoutEdge(f"a{i:02}", f"b{rows[i]:02}", 1) for i in range(30)])
    ends = sorted((ribbon.y0, ribbon.y1) for ribbon in layout.ribbons)
    assert all(a[1] < b[1] for a, b in pairwise(ends)), "a matching can be drawn without crossing"


def test_small_accounts_drawn_together_stand_at_the_foot():
    nodes = [LayoutNode("others", 0, 100, rank=1), LayoutNode("a", 0, 1), LayoutNode("b", 0, 2)]
    boxes = lay_out(nodes, []).boxes
    assert boxes[0].y > max(boxes[1].y, boxes[2].y)


def test_nothing_gives_an_empty_layout():
    assert lay_out([], []).boxes == ()


def test_a_key_given_twice_is_refused():
    with pytest.raises(ValueError, match="every node's key once"):
        lay_out([LayoutNode("a", 0, 1), LayoutNode("a", 1, 1)], [])


def test_an_edge_to_nowhere_is_refused():
    with pytest.raises(ValueError, match="'b'"):
        lay_out([LayoutNode("a", 0, 1)], [LayoutEdge("a", "b", 1)])
