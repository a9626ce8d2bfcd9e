"""The description of the service and its pages say what the service does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from watch_service import Running

from recoup.watching.service import OF_PAYMENTS, PROBLEMS, described
from recoup.watching.service.bodies import Asked, Told

DOCS = Path(__file__).parents[3] / "docs" / "reference"


def test_every_address_is_described_and_answers_with_what_is_described(tmp_path):
    with Running(tmp_path) as running:
        shown = running.client.get("/openapi.json").json()
        assert shown == msgspec.to_builtins(described())
        assert shown["openapi"].startswith("3.1")
        for path, methods in shown["paths"].items():
            for method in ("GET", "POST"):
                answer = running.client.request(method, path)
                is_there = method.lower() in methods
                assert (answer.status_code == 405) != is_there, (method, path)
                if is_there:
                    stated = methods[method.lower()]["responses"]
                    assert str(answer.status_code) in stated, (path, answer.text)


def test_the_schemas_have_the_fields_of_the_types():
    schemas = described()["components"]["schemas"]
    for name, kind in (("Payment", Asked), ("Decision", Told)):
        assert set(schemas[name]["properties"]) == set(kind.__struct_fields__)
    needed = {field.name for field in msgspec.structs.fields(Asked) if field.required}
    assert set(schemas["Payment"]["required"]) == needed


def test_every_problem_stands_on_its_page_with_its_status():
    page = (DOCS / "problems.md").read_text(encoding="utf-8").split("## The watch over HTTP")[1]
    rows = re.findall(r"\| `(\w+)` \| (\d+) \| (.*) \|", page)
    assert {name: (int(status), title) for name, status, title in rows} == dict(PROBLEMS)
    assert set(OF_PAYMENTS) < set(PROBLEMS)


def test_every_figure_stands_on_its_page(tmp_path):
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    with Running(tmp_path) as running:
        running.pay()
        text = running.client.get("/metrics").text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    shown = {name for name in names if not name.endswith("_created")}
    assert shown
    assert {name for name in shown if f"`{name}`" not in page} == set()
