"""The package against known answers, and against what it is to refuse."""

from decimal import Decimal
from pathlib import Path

import pytest

import comity

SCENARIO = Path(__file__).parents[2] / "scenarios" / "latin-america-2006.toml"

#: AA owes BB 60 (million dollars), BB owes CC 60, CC owes AA 60 and BB 40: what is left after netting all is 40 of 220.
RING = [("BB", "AA", 2006, "60"), ("CC", "BB", 2006, 60), ("AA", "CC", 2006, Decimal("60.00")), ("BB", "CC", 2006, "40")]


def test_the_known_answers_of_2006():
    outcome = comity.simulate(SCENARIO, 2006)
    assert abs(outcome["bilateral_net_ratio"] - Decimal("0.4253")) < Decimal("0.0005")
    assert abs(outcome["multilateral_net_ratio"] - Decimal("0.2495")) < Decimal("0.0005")
    assert abs(outcome["gross"] - 5_099_529_300_000) < 100_000
    assert len(outcome["members"]) == 8 and len(outcome["cycles"]) == 3


def test_amounts_are_exact():
    outcome = comity.simulate(SCENARIO, 2006, charter="keynes-1943", orders=1_000)

    def numbers(value):
        if isinstance(value, dict):
            return [number for part in value.values() for number in numbers(part)]
        if isinstance(value, list):
            return [number for part in value for number in numbers(part)]
        return [value]

    assert not any(isinstance(number, float) for number in numbers(outcome))
    assert sum(member["position"] for member in outcome["members"]) <= 0, "charges are the union's"
    columns = comity.members_table(outcome)
    positions = dict(zip(columns["code"], columns["position"], strict=True))
    assert positions["COL"] == Decimal(outcome["members"][4]["position"]) / 100
    assert outcome["gross_major"] == str(Decimal(outcome["gross"]).scaleb(-2))


def test_the_same_seed_is_the_same_run_and_another_is_not():
    run = [comity.simulate(RING, 2006, orders=200, seed=seed)["state_hash"] for seed in (5, 5, 6)]
    assert run[0] == run[1] != run[2]


def test_a_ring_by_hand():
    outcome = comity.simulate(RING, 2006, orders=100)
    assert outcome["gross"] == 22_000_000_000
    assert outcome["multilateral_net"] == 4_000_000_000


def test_charters_are_compared_on_the_same_orders():
    outcomes = comity.compare(SCENARIO, 2006, ["aladi", "epu-1950"], orders=1_000, seed=3)
    assert list(outcomes) == ["aladi", "epu-1950"]
    assert outcomes["aladi"]["gross"] == outcomes["epu-1950"]["gross"]
    assert outcomes["aladi"]["settled_in_asset"] > outcomes["epu-1950"]["settled_in_asset"]


def test_a_charter_may_be_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(comity.presets()["aladi"].replace("months = 4", "months = 1"))
    outcome = comity.simulate(SCENARIO, 2006, charter=path, orders=1_000)
    assert (outcome["charter"], len(outcome["cycles"])) == ("mine", 12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"year": 1066}, "no trade of 1066"),
        ({"charter": "keynes"}, "keynes-1943"),
        ({"members": ["ARG"]}, "2 to"),
        ({"members": ["ARG", "XXX"]}, "XXX"),
        ({"shocks": ["stops:ARG"]}, "stops:CODE@DAY"),
        ({"year": []}, "no year is named"),
        ({"year": [2006, 2005]}, "ascending order"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_the_reason(arguments, words):
    with pytest.raises(ValueError, match=words):
        comity.simulate(SCENARIO, **{"year": 2006, "orders": 100, **arguments})


def test_floats_are_refused():
    with pytest.raises(TypeError, match="not a binary fraction"):
        comity.simulate([("A", "B", 2006, 0.1)], 2006)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_exports_are_read_exactly(tmp_path, library):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    amount = 2**70
    table = pyarrow.table({"amount": pyarrow.array([Decimal(amount)], pyarrow.decimal128(38, 0))})
    pyarrow.parquet.write_table(table, tmp_path / "members.parquet")
    tables = comity.read_export(tmp_path, library)
    assert list(tables) == ["members"]
    assert int(tables["members"]["amount"][0]) == amount
    with pytest.raises(FileNotFoundError, match="no Parquet files"):
        comity.read_export(tmp_path / "nothing")
    with pytest.raises(ValueError, match="neither 'pandas' nor 'polars'"):
        comity.read_export(tmp_path, "sqlite")
