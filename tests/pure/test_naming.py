from __future__ import annotations

import pytest
from tokentape.edges.cassette_file import is_name
from tokentape.errors import CassetteError
from tokentape.pure.cassette.naming import cassette_name, imported_name


def test_a_cassette_has_the_name_of_its_test() -> None:
    name = cassette_name("tests/shop/test_pay.py", ["TestCard", "test_pays"], None)
    assert name == "tests/shop/test_pay/TestCard/test_pays"


def test_the_name_of_a_parametrised_case_has_its_position() -> None:
    assert cassette_name("test_pay.py", ["test_pays"], 0) == "test_pay/test_pays-0"


@pytest.mark.parametrize(
    "file",
    ["test_ä.py", "../test_a.py", ".hidden/test_a.py", "a b/test_a.py", "long/" * 60 + "a.py"],
)
@pytest.mark.parametrize("function", ["test_pays", "test_zahlt_für", "test_" + "y" * 150])
@pytest.mark.parametrize("case", [None, 999])
def test_any_test_name_becomes_a_usable_cassette_name(
    file: str, function: str, case: int | None
) -> None:
    assert is_name(cassette_name(file, [function], case))


def test_different_tests_have_different_cassette_names() -> None:
    functions = ["test_ü", "test_ä", "test__", "test_" + "y" * 100, "test_" + "y" * 101]
    assert len({cassette_name("test_a.py", [function], None) for function in functions}) == 5


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("raw.yaml", "raw"),
        ("tests/raw.json", "raw"),
        ("cassettes/shop/pay.yaml", "shop/pay"),
        ("/home/me/tests/cassettes/test_shop/test_pay.yml", "test_shop/test_pay"),
    ],
)
def test_an_imported_cassette_has_the_name_of_the_raw_one(path: str, name: str) -> None:
    assert imported_name(path) == name


def test_a_path_with_a_parameter_gives_no_name() -> None:
    with pytest.raises(CassetteError):
        imported_name("cassettes/test_pay[secret].yaml")
