"""The generator of the catalog: what it reads of an SDK, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokentape.pure.stripe.routes import Routes

from catalog.__main__ import DATA, DOWNLOADS, generated
from catalog.classes import SPECIAL, Rules, by_owner, read_csv
from catalog.coverage import coverage
from catalog.releases import Unavailable, unpacked
from catalog.sdk import Release
from catalog.union import completed, joined

SERVICE = """
from stripe._stripe_service import StripeService
from typing import Dict, List, cast
from typing_extensions import Literal, NotRequired, TypedDict

class PotService(StripeService):
    class UpdateParams(TypedDict):
        color: "Literal['']|Literal['blue', 'red']|str"
        depth: NotRequired[int]
        expand: NotRequired[List[str]]
        glaze: NotRequired["PotService.UpdateParamsGlaze"]
        metadata: NotRequired["Literal['']|Dict[str, str]"]
        unheard_of: NotRequired[int]

    _UpdateParamsGlazeBase = TypedDict(
        "UpdateParamsGlaze", {"in": NotRequired["PotService.UpdateParamsGlazeIn"]}
    )

    class UpdateParamsGlaze(_UpdateParamsGlazeBase):
        amount: NotRequired[int]

    class UpdateParamsGlazeIn(TypedDict):
        name: NotRequired[str]

    def update(self, pot: str, params: "PotService.UpdateParams" = {}) -> "Pot":
        return cast("Pot", self._request("post", "/v1/pots/{pot}".format(pot=pot), params=params))
"""
OBJECT = """
from stripe._expandable_field import ExpandableField
from typing import ClassVar, Optional
from typing_extensions import Literal

class Pot(object):
    OBJECT_NAME: ClassVar[Literal["pot"]] = "pot"

    class Fired(StripeObject):
        by: Optional[str]
        gender: Optional[Literal["female", "male"]]
        in_: Optional[int]
        \"\"\"
        Measured in seconds since the Unix epoch.
        \"\"\"
        _field_remappings = {"in_": "in"}

    fired: Optional[Fired]
    status: Literal["3d", "broken", "whole"]
    twin: Optional[ExpandableField["Pot"]]
"""


@pytest.fixture
def pottery(tmp_path: Path) -> Release:
    folder = tmp_path / "stripe"
    folder.mkdir()
    (folder / "_pot_service.py").write_text(SERVICE + "\nfrom stripe._pot import Pot\n")
    (folder / "_pot.py").write_text(OBJECT)
    (folder / "_error_object.py").write_text("class ErrorObject:\n    code: str\n")
    return Release(tmp_path)


def classes(release: Release, side: str, owner: str) -> dict[str, tuple[str, str, bool]]:
    fields = release.operations[owner].fields if side == "request" else release.objects[owner]
    rows = by_owner(Rules(), side, {owner: fields})[owner]
    return {".".join(row.path): (row.kind, "|".join(row.values), row.blank) for row in rows}


def test_fields_of_a_request_have_classes(pottery: Release) -> None:
    assert classes(pottery, "request", "POST /v1/pots/{}") == {
        "color": ("keep", "blue|red", True),
        "depth": ("text", "", False),
        "expand": ("-", "", False),
        "expand.": ("keep ~expand", "", False),
        "glaze": ("-", "", False),
        "glaze.amount": ("keep", "~integer", False),
        "glaze.in": ("-", "", False),
        "glaze.in.name": ("name", "", False),
        "metadata": ("hash", "", True),
        "metadata.*": ("text", "", True),
        "unheard_of": ("text", "", False),
    }


def test_fields_of_an_object_have_classes(pottery: Release) -> None:
    assert classes(pottery, "answer", "pot") == {
        "fired": ("-", "", False),
        "fired.by": ("text", "", False),
        "fired.gender": ("text", "", False),
        "fired.in": ("time", "", False),
        "status": ("keep", "3d|~word", False),
        "twin": ("object_id", "pot", False),
    }


def test_releases_are_joined_the_newest_first(pottery: Release, tmp_path: Path) -> None:
    older = tmp_path / "older" / "stripe"
    older.mkdir(parents=True)
    service = SERVICE.replace("'blue', 'red'", "'green'").replace("{pot}", "{id}")
    (older / "_pot_service.py").write_text(service + "\nfrom stripe._pot import Pot\n")
    (older / "_pot.py").write_text(OBJECT.replace("    status:", "    was: str\n    status:"))
    (older / "_error_object.py").write_text("class ErrorObject:\n    code: str\n")
    api = joined((pottery, Release(older.parent)))
    operation = api.operations["POST /v1/pots/{}"]
    assert operation.path == "/v1/pots/{pot}"
    assert operation.fields["color",].values == {"", "blue", "green", "red"}
    assert ("was",) in api.objects["pot"]


def test_an_operation_by_hand_has_the_fields_of_the_one_that_it_is_like(pottery: Release) -> None:
    row = {"method": "POST", "path": "/v1/kilns/{kiln}/pots", "answer": "pot"}
    api = completed(joined((pottery,)), [{**row, "like": "POST /v1/pots/{}"}])
    operation = api.operations["POST /v1/kilns/{}/pots"]
    assert (operation.path, operation.answer) == (row["path"], "pot")
    assert operation.fields == api.operations["POST /v1/pots/{}"].fields
    with pytest.raises(ValueError, match="the SDK has POST /v1/pots/"):
        completed(api, [{**row, "path": "/v1/pots/{id}", "like": ""}])


def test_the_committed_catalog_is_what_the_sdk_gives() -> None:
    """Run `python -m catalog` if this fails after a change of its rules."""
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    try:
        folders = unpacked(DOWNLOADS)
    except Unavailable as error:
        pytest.skip(str(error))
    rules = Rules()
    for name, text in generated(joined(map(Release, folders)), rules).items():
        assert text == (DATA / name).read_text("utf-8"), f"{name} is out of date"
    assert rules.unused == [], "each line of overrides.csv has a field"


def test_tables_are_sorted_and_have_each_name_once() -> None:
    kinds = [row["name"] for row in read_csv("kinds_by_name.csv")]
    forms = [(row["name"], row["form"]) for row in read_csv("kept_by_form.csv")]
    assert kinds == sorted(set(kinds))
    assert forms == sorted(set(forms))
    assert not SPECIAL & {*kinds, *(name for name, _ in forms)}


def test_each_line_by_hand_has_a_source() -> None:
    assert all(row["source"] for row in read_csv("overrides.csv"))
    assert all(row["source"] for row in read_csv("path_ids.csv"))
    assert all(row["source"] for row in read_csv("operations.csv"))


def test_the_page_on_coverage_is_up_to_date() -> None:
    """Run `python -m catalog.coverage > docs/coverage.md` if this fails."""
    page = (DATA.parents[2] / "docs" / "coverage.md").read_text("utf-8")
    assert page == coverage(Routes((DATA / "routes.csv").read_text("utf-8")))
