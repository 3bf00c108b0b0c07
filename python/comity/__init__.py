"""Simulate clearing unions by any rules on real trade, and read what Comity exports.

The simulator is the one of ``comity simulate``: the same union that a node runs, on a virtual clock. No amount is ever a float: amounts are
integers in minor units of the unit of account, or exact decimals.

>>> import comity
>>> outcome = comity.simulate("trade.csv", 2006, members=["ARG", "BRA", "CHL"], charter="epu-1950")
>>> outcome["multilateral_net_ratio"]
Decimal('0.413127')
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from . import _comity

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Outcome", "TradeSource", "compare", "members_table", "presets", "read_export", "simulate"]

#: What came of a simulation, as ``comity simulate --output json`` prints it: ``gross``, ``settled_in_asset``, ``credit_extended`` and the like
#: as ``int`` in minor units of ``unit_of_account`` (and in major units as text, ``gross_major``), ratios as ``Decimal``, ``cycles``
#: and ``members`` as lists of such dicts.
Outcome = dict[str, Any]

#: A file of trade (CSV with the columns exporter, importer, year, usd_million, or a scenario that ends in ``.toml``), or rows of it:
#: ``(exporter, importer, year, usd_million)`` with the amount as text, ``int`` or ``Decimal``.
TradeSource = str | Path | Iterable[tuple[str, str, int, "str | int | Decimal"]]


def presets() -> dict[str, str]:
    """The texts of the presets of real unions and plans, by name."""
    return dict(_comity.presets())


def simulate(
    trade: TradeSource,
    year: int | Sequence[int],
    members: Sequence[str] | None = None,
    charter: str | Path = "aladi",
    *,
    orders: int = 10_000,
    seed: int = 1,
    shocks: Sequence[str] = (),
    deposit_percent: int = 5,
) -> Outcome:
    """Run a union by the rules of a charter through one or more years of trade.

    Args:
        trade: what was traded, see :data:`TradeSource`.
        year: a year, or several ascending ones that are run one after another.
        members: codes of the members; all countries of the first year if none are named.
        charter: the name of a preset (see :func:`presets`), or the path of a file with a charter, whose members are replaced.
        orders: at least so many orders a year.
        seed: of everything random: the same seed gives the same outcome on every machine.
        shocks: ``stops:CODE@DAY``, ``leaves:CODE@DAY`` or ``rate:CODE:PERCENT@DAY``.
        deposit_percent: where members pay out of deposits, percent of a year's imports that each deposits at first.

    Raises:
        ValueError: what was asked for cannot be simulated; the text says why.
    """
    name, rules = _rules(charter)
    years = [year] if isinstance(year, int) else list(year)
    source = _trade(trade)
    if members is None:
        members = source.countries(years[0]) if years else []
        if not members:
            raise ValueError(f"there is no trade of {years[0]}" if years else "no year is named")
    text = _comity.simulate_json(
        source, years, list(members), name, rules, orders, seed, list(shocks), deposit_percent
    )
    return json.loads(text, parse_float=Decimal)


def compare(
    trade: TradeSource,
    year: int | Sequence[int],
    charters: Sequence[str | Path],
    members: Sequence[str] | None = None,
    **options: Any,
) -> dict[str, Outcome]:
    """Run the same orders by several charters; the outcomes by name, in the order given. Options are those of :func:`simulate`."""
    if not isinstance(trade, (str, Path)):
        trade = list(trade)
    outcomes = [simulate(trade, year, members, charter, **options) for charter in charters]
    return {outcome["charter"]: outcome for outcome in outcomes}


def members_table(outcome: Outcome) -> dict[str, list[Any]]:
    """The members of an outcome as columns, for ``pandas.DataFrame`` or ``polars.DataFrame``. Amounts are ``Decimal`` in major units."""
    digits = outcome["decimals"]
    amounts = {name for member in outcome["members"] for name, value in member.items() if type(value) is int}

    def cell(name: str, value: Any) -> Any:
        return Decimal(value).scaleb(-digits) if name in amounts and value is not None else value

    names = list(outcome["members"][0])
    return {name: [cell(name, member[name]) for member in outcome["members"]] for name in names}


@overload
def read_export(directory: str | Path, library: Literal["pandas"] = "pandas") -> dict[str, pandas.DataFrame]: ...
@overload
def read_export(directory: str | Path, library: Literal["polars"]) -> dict[str, polars.DataFrame]: ...
def read_export(directory: str | Path, library: Literal["pandas", "polars"] = "pandas") -> Mapping[str, Any]:
    """Read a directory of Parquet files, as ``comity export`` and ``comity simulate --parquet`` write them: tables by name.

    Amounts stay exact: integers, or decimals of Arrow.

    Raises:
        FileNotFoundError: there is no Parquet file in the directory.
        ValueError: another library was named.
    """
    files = sorted(Path(directory).glob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"{directory}: no Parquet files; `comity export DIR --out DIR2` writes some")
    if library == "pandas":
        import pandas

        return {file.stem: pandas.read_parquet(file, dtype_backend="pyarrow") for file in files}
    if library == "polars":
        import polars

        return {file.stem: polars.read_parquet(file) for file in files}
    raise ValueError(f"{library!r} is neither 'pandas' nor 'polars'")


def _rules(charter: str | Path) -> tuple[str, str]:
    known = presets()
    if str(charter) in known:
        return str(charter), known[str(charter)]
    path = Path(charter)
    if not path.is_file():
        raise ValueError(f"{charter} is neither a file nor a preset ({', '.join(known)})")
    return path.stem, path.read_text(encoding="utf-8")


def _trade(source: TradeSource) -> _comity.Trade:
    if isinstance(source, (str, Path)):
        text = Path(source).read_text(encoding="utf-8")
        is_scenario = Path(source).suffix == ".toml"
        return _comity.Trade.of_scenario(text) if is_scenario else _comity.Trade.of_table(text)
    lines = ["exporter,importer,year,usd_million"]
    for exporter, importer, year, amount in source:
        if isinstance(amount, float):
            raise TypeError(f"{exporter} to {importer}: an amount is text, int or Decimal, not a binary fraction")
        lines.append(f"{exporter},{importer},{year},{amount:f}" if isinstance(amount, Decimal) else f"{exporter},{importer},{year},{amount}")
    return _comity.Trade.of_table("\n".join(lines) + "\n")
