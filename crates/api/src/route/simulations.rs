//! Simulations: unions by any rules through years of trade, on a clock of their own. They touch nothing of this union.

use crate::extract::{Received, json};
use crate::problem::{Kind, Problem};
use crate::route::TRADE_BYTES_MAX;
use crate::service::Api;
use crate::session::Session;
use crate::view::{SimulationView, SpreadsView};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use simulate::preset::{PRESETS, preset};
use simulate::simulation::monte_carlo::{MonteCarlo, one_by_one};
use simulate::simulation::outcome::Outcome;
use simulate::simulation::shock::Shock;
use simulate::simulation::{Setup, SimulationError, simulate_while};
use simulate::trade::Trade;
use std::sync::{Arc, Weak};
use utoipa::ToSchema;

/// Orders of one simulation at most, as far as they are asked for: each pair has a few.
const ORDERS_MAX: u32 = 100_000;
/// Rules in one request at most: all presets, and some charters.
const CHARTERS_MAX: usize = 16;
const DEPOSIT_PERCENT_MAX: u32 = 1_000;
const YEARS_MAX: usize = 20;
const SHOCKS_MAX: usize = 32;
/// Seeds of one request at most, and orders of all of them together.
const RUNS_MAX: u32 = 200;
const ALL_ORDERS_MAX: u64 = 2_000_000;

/// Rules of a real union or of a plan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct PresetView {
    /// What it is called.
    name: String,
    /// What it is, in English.
    about: String,
}

/// The presets that this software has.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct PresetsView {
    /// In the order of `comity simulate --presets`.
    presets: Vec<PresetView>,
}

/// Rules to simulate a union by: those of real unions and of plans.
#[utoipa::path(get, path = "/v1/presets", tag = "simulations",
    responses((status = 200, body = PresetsView), (status = 503, body = Problem)))]
pub(super) async fn presets() -> Json<PresetsView> {
    let view = |preset: &simulate::preset::Preset| PresetView { name: preset.name.to_owned(), about: preset.about() };
    Json(PresetsView { presets: PRESETS.iter().map(view).collect() })
}

/// Rules that are to be simulated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CharterChoice {
    /// Name of a preset; with a text, what the text is called.
    name: String,
    /// Text of a charter, whose members are replaced.
    #[serde(default)]
    text: Option<String>,
}

/// What is to be simulated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulateRequest {
    /// Trade between countries as CSV with the columns `exporter,importer,year,usd_million`: importers owe exporters.
    trade: String,
    /// 1 to 20 years, ascending, one after another; figures of the years before them are used for quotas only.
    years: Vec<i16>,
    /// Codes of the members, 2 to 100; without them all countries of the year.
    #[serde(default)]
    members: Option<Vec<String>>,
    /// 1 to 16 sets of rules, for the same orders.
    charters: Vec<CharterChoice>,
    /// At least so many orders a year, 1 to 100,000; 10,000 if not given.
    #[serde(default)]
    orders: Option<u32>,
    /// Of everything random; 1 if not given.
    #[serde(default)]
    seed: Option<u64>,
    /// What goes wrong, at most 32: `stops:CODE@YYYY-MM-DD` (pays no leg any more), `leaves:CODE@YYYY-MM-DD` (gives notice) or
    /// `rate:CODE:PERCENT@YYYY-MM-DD` (a unit of account costs so much more of its currency).
    #[serde(default)]
    shocks: Vec<String>,
    /// So many seeds from `seed` on, 1 to 200; 1 if not given. Orders of all of them together are 2,000,000 at most.
    #[serde(default)]
    runs: Option<u32>,
    /// Where members pay out of deposits: percent of a year's imports that each deposits at first, 0 to 1,000; 5 if not given.
    #[serde(default)]
    deposit_percent: Option<u32>,
}

/// What came of simulations, for each set of rules in the order of the request.
#[derive(Serialize, ToSchema)]
pub(super) struct SimulationsView {
    /// With the seed that was asked for.
    #[schema(value_type = Vec<SimulationView>)]
    simulations: Vec<Outcome>,
    /// Where several seeds were asked for: how the figures are spread over them.
    #[schema(value_type = Vec<SpreadsView>)]
    spreads: Vec<MonteCarlo>,
}

/// Runs the trade of years through a union by each of several rules: the same orders, the same state machine that a node runs. For
/// operators; one at a time, and it stops when its client goes away. The same request gives the same answer on every machine.
#[utoipa::path(post, path = "/v1/simulations", tag = "simulations", security(("session" = [])),
    request_body = SimulateRequest,
    responses((status = 200, body = SimulationsView), (status = "4XX", body = Problem),
        (status = 503, body = Problem, description = "Another simulation is under way")))]
pub(super) async fn simulate(
    State(api): State<Arc<Api>>,
    _session: Session,
    headers: HeaderMap,
    Received(body): Received<{ TRADE_BYTES_MAX }>,
) -> Result<Json<SimulationsView>, Problem> {
    let permit = api.simulations.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Problem::busy("another simulation is under way; ask again when it is done"))?;
    let request: SimulateRequest = json(&headers, &body)?;
    // Gone when nobody waits for the answer any more.
    let waiting = Arc::new(());
    let is_waited_for = Arc::downgrade(&waiting);
    let simulated = tokio::task::spawn_blocking(move || {
        let simulations = request.run(&is_waited_for);
        drop(permit);
        simulations
    });
    let simulations = simulated.await.map_err(|error| Problem::internal("the simulation", &error))??;
    drop(waiting);
    Ok(Json(simulations))
}

impl SimulateRequest {
    fn run(&self, is_waited_for: &Weak<()>) -> Result<SimulationsView, Problem> {
        let orders = within("orders", self.orders.unwrap_or(10_000), 1, ORDERS_MAX)?;
        let deposit_percent = within("deposit_percent", self.deposit_percent.unwrap_or(5), 0, DEPOSIT_PERCENT_MAX)?;
        let runs = within("runs", self.runs.unwrap_or(1), 1, RUNS_MAX)?;
        if self.charters.is_empty() || self.charters.len() > CHARTERS_MAX {
            return Err(Problem::malformed("charters", format!("name 1 to {CHARTERS_MAX} charters")));
        }
        if self.years.is_empty() || self.years.len() > YEARS_MAX {
            return Err(Problem::malformed("years", format!("name 1 to {YEARS_MAX} years")));
        }
        let all = u64::from(orders) * u64::from(runs) * self.years.len() as u64;
        if runs > 1 && all > ALL_ORDERS_MAX {
            let text = format!("{all} orders of all seeds and years together; {ALL_ORDERS_MAX} are simulated at most");
            return Err(Problem::malformed("runs", text));
        }
        let shocks = self.shocks()?;
        let trade = Trade::read(self.trade.as_bytes())
            .map_err(|error| Problem::new(Kind::Rejected, error.to_string()).at("trade"))?;
        let members = self.members.clone().filter(|members| !members.is_empty());
        let members = members.unwrap_or_else(|| trade.countries(self.years[0]).into_iter().collect());
        let mut done = SimulationsView { simulations: Vec::new(), spreads: Vec::new() };
        for charter in &self.charters {
            let setup = Setup {
                rules_name: &charter.name,
                rules: charter.rules()?,
                trade: &trade,
                years: &self.years,
                members: &members,
                orders,
                seed: self.seed.unwrap_or(1),
                shocks: &shocks,
                deposit_percent,
            };
            let goes_on = |_| is_waited_for.strong_count() > 0;
            let refused = |error| match error {
                SimulationError::Stopped => Problem::unknown("the simulation was stopped"),
                error => Problem::new(Kind::Rejected, format!("{}: {error}", charter.name)).at("charters"),
            };
            let simulated = simulate_while(&setup, goes_on).map_err(refused)?;
            if runs > 1 {
                done.spreads.push(one_by_one(&setup, &simulated, u64::from(runs), goes_on).map_err(refused)?);
            }
            done.simulations.push(simulated);
        }
        Ok(done)
    }

    fn shocks(&self) -> Result<Vec<Shock>, Problem> {
        if self.shocks.len() > SHOCKS_MAX {
            return Err(Problem::malformed("shocks", format!("at most {SHOCKS_MAX} shocks")));
        }
        self.shocks
            .iter()
            .map(|text| text.parse().map_err(|error: String| Problem::malformed("shocks", error)))
            .collect()
    }
}

impl CharterChoice {
    fn rules(&self) -> Result<&str, Problem> {
        let unknown = || {
            let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
            Problem::malformed("charters", format!("presets are {}; other rules need a text", names.join(", ")))
        };
        let of_preset = || preset(&self.name).map(|preset| preset.text);
        self.text.as_deref().or_else(of_preset).ok_or_else(unknown)
    }
}

fn within(field: &str, number: u32, least: u32, most: u32) -> Result<u32, Problem> {
    let is_within = (least..=most).contains(&number);
    is_within.then_some(number).ok_or_else(|| Problem::malformed(field, format!("{field} is {least} to {most}")))
}
