//! What the Python package `comity` asks of Rust: presets, and simulations whose outcome it reads as JSON.
//!
//! Everything that a user sees is in `comity/__init__.py`; amounts cross as integers, in JSON.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use simulate::Scenario;
use simulate::preset::PRESETS;
use simulate::simulation::shock::Shock;
use simulate::simulation::{Setup, simulate};
use simulate::trade::Trade;

fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Trade out of the text of a table (`exporter,importer,year,usd_million`) or of a scenario (TOML).
#[pyclass(frozen, name = "Trade")]
struct PyTrade(Trade);

#[pymethods]
impl PyTrade {
    #[staticmethod]
    fn of_table(text: &str) -> PyResult<Self> {
        Trade::read(text.as_bytes()).map(PyTrade).map_err(wrong)
    }

    #[staticmethod]
    fn of_scenario(text: &str) -> PyResult<Self> {
        Scenario::parse(text).map(|scenario| PyTrade(Trade::of_scenario(&scenario))).map_err(wrong)
    }

    /// The countries that traded in a year, in the order of their codes.
    fn countries(&self, year: i16) -> Vec<String> {
        self.0.countries(year).into_iter().collect()
    }
}

/// Names of the presets and their texts.
#[pyfunction]
fn presets() -> Vec<(&'static str, &'static str)> {
    PRESETS.iter().map(|preset| (preset.name, preset.text)).collect()
}

/// Runs a simulation, with other Python threads going on, and returns its outcome as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the arguments of the command, by name in Python")]
fn simulate_json(
    py: Python<'_>,
    trade: &PyTrade,
    years: Vec<i16>,
    members: Vec<String>,
    rules_name: &str,
    rules: &str,
    orders: u32,
    seed: u64,
    shocks: Vec<String>,
    deposit_percent: u32,
) -> PyResult<String> {
    let shocks = shocks.iter().map(|text| text.parse::<Shock>()).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let (years, members, shocks) = (&years, &members, &shocks);
    let setup = Setup { rules_name, rules, trade: &trade.0, years, members, orders, seed, shocks, deposit_percent };
    let outcome = py.detach(|| simulate(&setup, |_| {}));
    serde_json::to_string(&outcome.map_err(wrong)?).map_err(wrong)
}

#[pymodule]
fn _comity(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTrade>()?;
    module.add_function(wrap_pyfunction!(presets, module)?)?;
    module.add_function(wrap_pyfunction!(simulate_json, module)?)
}
