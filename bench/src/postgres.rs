//! PostgreSQL 15, used as well as we know how for the same job.

mod cluster;
mod session;

use anyhow::{Context, Result, ensure};
use postgres::Client;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::measure::{Measurement, Observed, Plan, Setup, System, Tally, Trial, drive};
use crate::workload::{ACCOUNTS, Workload, debit_limit};
use cluster::Cluster;
pub use cluster::SETTINGS;
use session::{Batch, Connection, Method};

const SCHEMA: &str = include_str!("postgres/schema.sql");

/// Orders a second for which trials prepare: more than any method reached, so that none runs out.
const TRIAL_ORDERS_PER_SECOND: f64 = 500_000.0;

/// How much more than its trial suggests is prepared for the measurement.
const PREPARE_FACTOR: f64 = 2.0;

/// Share of the best rate from which a trial counts as just as fast.
const ABOUT_AS_FAST: f64 = 0.95;

/// A private cluster with the schema in it.
pub struct Postgres {
    cluster: Cluster,
    interrupted: &'static AtomicBool,
}

impl Postgres {
    /// Creates and starts a cluster under `dir`.
    pub fn start(dir: &Path, interrupted: &'static AtomicBool) -> Result<Self> {
        let cluster = Cluster::start(dir)?;
        cluster.connect()?.batch_execute(SCHEMA).context("cannot create the schema")?;
        Ok(Postgres { cluster, interrupted })
    }

    /// Empty books, all accounts open, nothing left to be written by what ran before.
    fn reset(&self) -> Result<()> {
        let mut client = self.cluster.connect()?;
        let ids: Vec<i32> = (0..ACCOUNTS).map(i32::try_from).collect::<Result<_, _>>()?;
        let limits: Vec<Option<i64>> = (0..ACCOUNTS)
            .map(|account| debit_limit(account).map(i64::try_from).transpose())
            .collect::<Result<_, _>>()?;
        client.batch_execute("truncate transfers, accounts")?;
        client.execute(
            "insert into accounts (id, debit_limit) select * from unnest($1::integer[], $2::bigint[])",
            &[&ids, &limits],
        )?;
        client.batch_execute("vacuum analyze accounts")?;
        client.batch_execute("checkpoint")?;
        Ok(())
    }

    fn load(
        &self,
        workload: &Workload,
        batch_size: usize,
        (method, connections): (Method, usize),
        (warm_up, measured): (Duration, Duration),
        orders_per_second: f64,
    ) -> Result<Observed> {
        self.reset()?;
        let seconds = (warm_up + measured).as_secs_f64();
        // Every connection gets at least a few batches, however slow.
        let orders = ((orders_per_second * seconds) as u64).max((batch_size * connections * 8) as u64);
        let requests =
            workload.batches(orders, batch_size)?.map(|batch| Batch::new(&batch)).collect::<Result<Vec<_>>>()?;
        let sessions =
            (0..connections).map(|_| Connection::new(self.cluster.connect()?, method)).collect::<Result<Vec<_>>>()?;
        let seen = drive(sessions, requests, warm_up, measured, self.interrupted)?;
        check_books(&mut self.cluster.connect()?, seen.total).with_context(|| format!("books after {method:?}"))?;
        Ok(seen)
    }
}

impl System for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn version(&self) -> String {
        self.cluster.version().to_owned()
    }

    fn run(&mut self, workload: &Workload, plan: &Plan) -> Result<Measurement> {
        let mut tried = Vec::new();
        for (method, connections) in candidates(plan.batch_size) {
            let windows = (plan.trial / 4, plan.trial);
            let seen = self.load(workload, plan.batch_size, (method, connections), windows, TRIAL_ORDERS_PER_SECOND)?;
            let rate = seen.orders_per_second();
            eprintln!("  trial: {rate:>9.0} orders/s, {connections:>3} connections, {}", method.name());
            tried.push((rate, method, connections));
        }
        let (rate, method, connections) = best(&tried).context("no method for this batch size")?;
        let windows = (plan.warm_up, plan.measured);
        let seen = self.load(workload, plan.batch_size, (method, connections), windows, rate * PREPARE_FACTOR)?;
        let trials = tried.iter().map(|(rate, method, connections)| Trial {
            method: method.name().to_owned(),
            connections: *connections,
            orders_per_second: *rate,
        });
        let trials = trials.collect();
        let setup = Setup { method: method.name().to_owned(), connections, trials };
        Ok(seen.into_measurement(self.name(), workload, plan, setup))
    }
}

/// What is tried for a batch size: the methods that make sense for it, each with several numbers of connections.
fn candidates(batch_size: usize) -> Vec<(Method, usize)> {
    let (methods, connections): (&[Method], &[usize]) = match batch_size {
        1 => (&[Method::OrderFunction], &[1, 2, 8, 16, 32, 64, 128]),
        2..=1_000 => (&[Method::BatchFunction, Method::ClientRowLocks], &[1, 2, 8, 16]),
        _ => (&[Method::BatchFunction, Method::ClientRowLocks, Method::ClientTableLock], &[1, 2, 4]),
    };
    methods.iter().flat_map(|method| connections.iter().map(|connections| (*method, *connections))).collect()
}

/// The fastest of what was tried; of those that are about as fast, the one with the fewest connections, as every further
/// one only waits in a queue and makes the latency worse.
fn best(tried: &[(f64, Method, usize)]) -> Option<(f64, Method, usize)> {
    let fastest = tried.iter().map(|(rate, ..)| *rate).max_by(f64::total_cmp)?;
    let about_as_fast = tried.iter().filter(|(rate, ..)| *rate >= ABOUT_AS_FAST * fastest);
    about_as_fast.copied().min_by(|(a_rate, _, a), (b_rate, _, b)| a.cmp(b).then(b_rate.total_cmp(a_rate)))
}

/// Checks that the books balance, that no limit is exceeded and that exactly the acknowledged orders are in them.
fn check_books(client: &mut Client, acknowledged: Tally) -> Result<()> {
    let accounts = client.query_one(
        "select sum(debits)::bigint, sum(credits)::bigint, count(*) filter (where debits - credits > debit_limit) from accounts",
        &[],
    )?;
    let (debits, credits, exceeded): (i64, i64, i64) = (accounts.get(0), accounts.get(1), accounts.get(2));
    let transfers = client.query_one(
        "select count(*) filter (where result = 0), count(*) filter (where result = 1),
                coalesce(sum(amount) filter (where result = 0), 0)::bigint from transfers",
        &[],
    )?;
    let recorded =
        Tally { settled: transfers.get::<_, i64>(0).try_into()?, refused: transfers.get::<_, i64>(1).try_into()? };
    let moved: i64 = transfers.get(2);
    ensure!(debits == credits && debits == moved, "debits {debits}, credits {credits} and transfers {moved} differ");
    ensure!(exceeded == 0, "{exceeded} accounts exceed their limits");
    ensure!(recorded == acknowledged, "recorded {recorded:?}, acknowledged {acknowledged:?}");
    Ok(())
}

#[cfg(test)]
mod tests;
