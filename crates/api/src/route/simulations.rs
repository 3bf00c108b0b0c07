//! Simulations: unions by any rules through a year of trade, on a clock of their own. They touch nothing of this union.

use crate::extract::{Received, json};
use crate::problem::{Kind, Problem};
use crate::route::TRADE_BYTES_MAX;
use crate::service::Api;
use crate::session::Session;
use crate::view::SimulationView;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use simulate::preset::{PRESETS, preset};
use simulate::simulation::outcome::Outcome;
use simulate::simulation::{Setup, SimulationError, simulate_while};
use simulate::trade::Trade;
use std::sync::{Arc, Weak};
use utoipa::ToSchema;

/// Orders of one simulation at most, as far as they are asked for: each pair has a few.
const ORDERS_MAX: u32 = 100_000;
/// Rules in one request at most: all presets, and some charters.
const CHARTERS_MAX: usize = 16;
const DEPOSIT_PERCENT_MAX: u32 = 1_000;

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
    /// The year; figures of the years before it are used for quotas only.
    #[schema(minimum = 1970, maximum = 2100)]
    year: i16,
    /// Codes of the members, 2 to 100; without them all countries of the year.
    #[serde(default)]
    members: Option<Vec<String>>,
    /// 1 to 16 sets of rules, for the same orders.
    charters: Vec<CharterChoice>,
    /// At least so many orders, 1 to 100,000; 10,000 if not given.
    #[serde(default)]
    orders: Option<u32>,
    /// Of everything random; 1 if not given.
    #[serde(default)]
    seed: Option<u64>,
    /// Where members pay out of deposits: percent of a year's imports that each deposits at first, 0 to 1,000; 5 if not given.
    #[serde(default)]
    deposit_percent: Option<u32>,
}

/// What came of simulations, one for each set of rules.
#[derive(Serialize, ToSchema)]
pub(super) struct SimulationsView {
    /// In the order of the request.
    #[schema(value_type = Vec<SimulationView>)]
    simulations: Vec<Outcome>,
}

/// Runs the trade of a year through a union by each of several rules: the same orders, the same state machine that a node runs. For
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
    Ok(Json(SimulationsView { simulations }))
}

impl SimulateRequest {
    fn run(&self, is_waited_for: &Weak<()>) -> Result<Vec<Outcome>, Problem> {
        let orders = within("orders", self.orders.unwrap_or(10_000), 1, ORDERS_MAX)?;
        let deposit_percent = within("deposit_percent", self.deposit_percent.unwrap_or(5), 0, DEPOSIT_PERCENT_MAX)?;
        if self.charters.is_empty() || self.charters.len() > CHARTERS_MAX {
            return Err(Problem::malformed("charters", format!("name 1 to {CHARTERS_MAX} charters")));
        }
        let trade = Trade::read(self.trade.as_bytes())
            .map_err(|error| Problem::new(Kind::Rejected, error.to_string()).at("trade"))?;
        let members = self.members.clone().filter(|members| !members.is_empty());
        let members = members.unwrap_or_else(|| trade.countries(self.year).into_iter().collect());
        let simulate = |charter: &CharterChoice| {
            let setup = Setup {
                rules_name: &charter.name,
                rules: charter.rules()?,
                trade: &trade,
                years: &[self.year],
                members: &members,
                orders,
                seed: self.seed.unwrap_or(1),
                shocks: &[],
                deposit_percent,
            };
            simulate_while(&setup, |_| is_waited_for.strong_count() > 0).map_err(|error| match error {
                SimulationError::Stopped => Problem::unknown("the simulation was stopped"),
                error => Problem::new(Kind::Rejected, format!("{}: {error}", charter.name)).at("charters"),
            })
        };
        self.charters.iter().map(simulate).collect()
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
