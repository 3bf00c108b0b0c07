//! Ways to apply a batch of orders in PostgreSQL, and the connection that uses one.

use anyhow::{Context, Result, bail, ensure};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::error::SqlState;
use postgres::types::Type;
use postgres::{Client, Statement, Transaction};
use std::collections::HashMap;
use uuid::Uuid;

use crate::measure::{Session, Tally};
use crate::workload::Transfer;

/// How a batch is applied. All give the same outcomes; which is fastest depends on the size of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `apply_order` for each order, each its own transaction.
    OrderFunction,
    /// `apply_orders`: arrays in, outcomes out, one round trip, the decisions in PL/pgSQL.
    BatchFunction,
    /// The accounts' rows are locked and read, the client decides, `COPY` and one `UPDATE` write the result.
    ClientRowLocks,
    /// The same under a lock of the whole table: cheaper than thousands of row locks when a batch needs most of the rows.
    ClientTableLock,
}

impl Method {
    /// Name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Method::OrderFunction => "PL/pgSQL function, an order a transaction",
            Method::BatchFunction => "PL/pgSQL function over arrays, a batch a transaction",
            Method::ClientRowLocks => "decided in the client under row locks, COPY and UPDATE, a batch a transaction",
            Method::ClientTableLock => {
                "decided in the client under a table lock, COPY and UPDATE, a batch a transaction"
            }
        }
    }
}

/// What became of an order; the numbers are those of the functions in `schema.sql`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Settled = 0,
    ExceedsLimit = 1,
    AlreadyDone = 2,
    OtherContent = 3,
    UnknownAccount = 4,
}

impl Outcome {
    fn from_number(number: i16) -> Result<Self> {
        use Outcome::*;
        let outcomes = [Settled, ExceedsLimit, AlreadyDone, OtherContent, UnknownAccount];
        outcomes.into_iter().find(|outcome| *outcome as i16 == number).with_context(|| format!("no outcome {number}"))
    }
}

/// A batch in the types of the database, as arrays because that is how the functions take it.
pub struct Batch {
    ids: Vec<Uuid>,
    debtors: Vec<i32>,
    creditors: Vec<i32>,
    amounts: Vec<i64>,
}

impl Batch {
    /// # Errors
    /// An account or amount beyond the database's integers.
    pub fn new(transfers: &[Transfer]) -> Result<Self> {
        Ok(Batch {
            ids: transfers.iter().map(|transfer| Uuid::from_u128(transfer.id)).collect(),
            debtors: transfers.iter().map(|transfer| i32::try_from(transfer.debtor)).collect::<Result<_, _>>()?,
            creditors: transfers.iter().map(|transfer| i32::try_from(transfer.creditor)).collect::<Result<_, _>>()?,
            amounts: transfers.iter().map(|transfer| i64::try_from(transfer.amount)).collect::<Result<_, _>>()?,
        })
    }

    fn len(&self) -> usize {
        self.ids.len()
    }
}

/// A row of `accounts` while the client decides.
struct Row {
    id: i32,
    owed: i64,
    limit: Option<i64>,
    paid: i64,
    received: i64,
}

/// One connection that applies batches by one method.
pub struct Connection {
    client: Client,
    method: Method,
    order_function: Statement,
    batch_function: Statement,
    read_and_lock: Statement,
    read: Statement,
    post: Statement,
}

impl Connection {
    /// Prepares the statements on a client whose database has the schema.
    pub fn new(mut client: Client, method: Method) -> Result<Self> {
        let read = "select id, debits - credits, debit_limit from accounts where id = any ($1)";
        Ok(Connection {
            method,
            order_function: client.prepare("select apply_order($1, $2, $3, $4)")?,
            batch_function: client.prepare("select apply_orders($1, $2, $3, $4)")?,
            read_and_lock: client.prepare(&format!("{read} order by id for no key update"))?,
            read: client.prepare(read)?,
            post: client.prepare(
                "update accounts set debits = debits + moved.paid, credits = credits + moved.received
                 from unnest($1::integer[], $2::bigint[], $3::bigint[]) as moved (id, paid, received)
                 where accounts.id = moved.id",
            )?,
            client,
        })
    }

    /// Applies the orders one after another and returns the outcome of each once it is durable.
    pub fn apply(&mut self, batch: &Batch) -> Result<Vec<Outcome>> {
        let applied = match self.method {
            Method::OrderFunction => return self.one_by_one(batch),
            Method::BatchFunction => self.by_batch_function(batch),
            Method::ClientRowLocks | Method::ClientTableLock => self.by_client(batch),
        };
        match applied {
            // A replayed id or an unknown account, in a batch that was undone: the orders must be looked at singly.
            Err(error) if has_state(&error, &[SqlState::UNIQUE_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION]) => {
                self.one_by_one(batch)
            }
            applied => applied,
        }
    }

    fn one_by_one(&mut self, batch: &Batch) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(batch.len());
        while outcomes.len() < batch.len() {
            let at = outcomes.len();
            let order: [&(dyn postgres::types::ToSql + Sync); 4] =
                [&batch.ids[at], &batch.debtors[at], &batch.creditors[at], &batch.amounts[at]];
            match self.client.query_one(&self.order_function, &order) {
                Ok(row) => outcomes.push(Outcome::from_number(row.get(0))?),
                // Another connection recorded the same id since the function looked: it will now be found.
                Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
                Err(error) => return Err(error).context("apply_order"),
            }
        }
        Ok(outcomes)
    }

    fn by_batch_function(&mut self, batch: &Batch) -> Result<Vec<Outcome>> {
        let row = self
            .client
            .query_one(&self.batch_function, &[&batch.ids, &batch.debtors, &batch.creditors, &batch.amounts])?;
        row.get::<_, Vec<i16>>(0).into_iter().map(Outcome::from_number).collect()
    }

    fn by_client(&mut self, batch: &Batch) -> Result<Vec<Outcome>> {
        let mut accounts: Vec<i32> = batch.debtors.iter().chain(&batch.creditors).copied().collect();
        accounts.sort_unstable();
        accounts.dedup();

        let mut transaction = self.client.transaction()?;
        let read = if self.method == Method::ClientTableLock {
            transaction.batch_execute("lock table accounts in share row exclusive mode")?;
            transaction.query(&self.read, &[&accounts])?
        } else {
            transaction.query(&self.read_and_lock, &[&accounts])?
        };
        let mut rows: Vec<Row> = read
            .iter()
            .map(|row| Row { id: row.get(0), owed: row.get(1), limit: row.get(2), paid: 0, received: 0 })
            .collect();
        if rows.len() < accounts.len() {
            // Undoes nothing but the locks; the orders that name known accounts must still be applied.
            drop(transaction);
            return self.one_by_one(batch);
        }
        let outcomes = decide(batch, &mut rows)?;
        copy_transfers(&mut transaction, batch, &outcomes)?;
        rows.retain(|row| row.paid > 0 || row.received > 0);
        let ids: Vec<i32> = rows.iter().map(|row| row.id).collect();
        let paid: Vec<i64> = rows.iter().map(|row| row.paid).collect();
        let received: Vec<i64> = rows.iter().map(|row| row.received).collect();
        let posted = transaction.execute(&self.post, &[&ids, &paid, &received])?;
        ensure!(posted == rows.len() as u64, "posted to {posted} accounts of {}", rows.len());
        transaction.commit()?;
        Ok(outcomes)
    }
}

/// The outcome of each order, the rows being left as the orders leave the accounts.
fn decide(batch: &Batch, rows: &mut [Row]) -> Result<Vec<Outcome>> {
    let places: HashMap<i32, usize> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
    let mut outcomes = Vec::with_capacity(batch.len());
    for order in 0..batch.len() {
        let amount = batch.amounts[order];
        let debtor = &mut rows[places[&batch.debtors[order]]];
        let owes = debtor.owed.checked_add(amount).context("balance out of range")?;
        if debtor.limit.is_some_and(|limit| owes > limit) {
            outcomes.push(Outcome::ExceedsLimit);
            continue;
        }
        debtor.owed = owes;
        debtor.paid = debtor.paid.checked_add(amount).context("debits out of range")?;
        let creditor = &mut rows[places[&batch.creditors[order]]];
        creditor.owed = creditor.owed.checked_sub(amount).context("balance out of range")?;
        creditor.received = creditor.received.checked_add(amount).context("credits out of range")?;
        outcomes.push(Outcome::Settled);
    }
    Ok(outcomes)
}

fn copy_transfers(transaction: &mut Transaction<'_>, batch: &Batch, outcomes: &[Outcome]) -> Result<()> {
    let copy = "copy transfers (id, debit_account, credit_account, amount, result) from stdin binary";
    let types = [Type::UUID, Type::INT4, Type::INT4, Type::INT8, Type::INT2];
    let mut writer = BinaryCopyInWriter::new(transaction.copy_in(copy)?, &types);
    for (order, outcome) in outcomes.iter().enumerate() {
        let result = *outcome as i16;
        let (id, debtor, creditor, amount) =
            (&batch.ids[order], &batch.debtors[order], &batch.creditors[order], &batch.amounts[order]);
        writer.write(&[id, debtor, creditor, amount, &result])?;
    }
    writer.finish()?;
    Ok(())
}

fn has_state(error: &anyhow::Error, states: &[SqlState]) -> bool {
    let state = error.downcast_ref::<postgres::Error>().and_then(postgres::Error::code);
    state.is_some_and(|state| states.contains(state))
}

impl Session for Connection {
    type Request = Batch;

    fn submit(&mut self, batch: Batch) -> Result<Option<Tally>> {
        let mut tally = Tally::default();
        for outcome in self.apply(&batch)? {
            match outcome {
                Outcome::Settled => tally.settled += 1,
                Outcome::ExceedsLimit => tally.refused += 1,
                unexpected => bail!("an order of the workload came back as {unexpected:?}"),
            }
        }
        Ok(Some(tally))
    }
}
