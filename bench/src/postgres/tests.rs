//! What needs PostgreSQL 15 (`apt-get install postgresql-15`) is run by `cargo test -p bench -- --ignored`.

use super::session::Outcome;
use super::*;
use crate::workload::{Distribution, Reference, SEED, Transfer};
use std::sync::LazyLock;

static NEVER: AtomicBool = AtomicBool::new(false);

const METHODS: [Method; 4] =
    [Method::OrderFunction, Method::BatchFunction, Method::ClientRowLocks, Method::ClientTableLock];

static ZIPF: LazyLock<Workload> = LazyLock::new(|| Workload::new(Distribution::Zipf, SEED).unwrap());

fn start() -> (Postgres, tempfile::TempDir) {
    // Where the `postgres` user can go as well.
    let dir = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    (Postgres::start(dir.path(), &NEVER).unwrap(), dir)
}

fn connection(postgres: &Postgres, method: Method) -> Connection {
    Connection::new(postgres.cluster.connect().unwrap(), method).unwrap()
}

fn apply(connection: &mut Connection, transfers: &[Transfer]) -> Vec<Outcome> {
    connection.apply(&Batch::new(transfers).unwrap()).unwrap()
}

#[test]
fn of_equally_fast_the_one_with_the_fewest_connections() {
    use Method::{BatchFunction, ClientTableLock};
    let tried =
        [(90.0, BatchFunction, 1), (96.0, BatchFunction, 2), (98.0, ClientTableLock, 2), (100.0, ClientTableLock, 4)];
    assert_eq!(best(&tried), Some((98.0, ClientTableLock, 2)));
    assert_eq!(best(&[]), None);
}

#[test]
#[ignore = "needs PostgreSQL 15"]
fn postgres_does_the_job() {
    let (postgres, dir) = start();
    for method in METHODS {
        outcomes_are_those_of_the_reference(&postgres, method);
        replays_and_unknown_accounts_are_recognised(&postgres, method);
    }
    concurrent_batches_leave_the_books_in_order(&postgres);
    books_that_are_wrong_are_noticed(&postgres);
    drop(postgres);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "the cluster's files must be removed");
}

fn outcomes_are_those_of_the_reference(postgres: &Postgres, method: Method) {
    for batch_size in [1, 7, 1_000] {
        postgres.reset().unwrap();
        let mut connection = connection(postgres, method);
        let mut reference = Reference::new();
        let mut tally = Tally::default();
        for batch in ZIPF.batches(if batch_size == 1 { 300 } else { 10_000 }, batch_size).unwrap() {
            let outcomes = apply(&mut connection, &batch);
            assert_eq!(outcomes.len(), batch.len());
            for (transfer, outcome) in batch.iter().zip(outcomes) {
                let settles = reference.settles(transfer);
                assert_eq!(
                    outcome,
                    if settles { Outcome::Settled } else { Outcome::ExceedsLimit },
                    "{method:?} {transfer:?}"
                );
                if settles { tally.settled += 1 } else { tally.refused += 1 }
            }
        }
        assert!(tally.refused > 0, "{tally:?}");
        check_books(&mut postgres.cluster.connect().unwrap(), tally).unwrap();
    }
}

fn replays_and_unknown_accounts_are_recognised(postgres: &Postgres, method: Method) {
    postgres.reset().unwrap();
    let mut connection = connection(postgres, method);
    // Account 1 has no limit.
    let order = |id, amount| Transfer { id, debtor: 1, creditor: 2, amount };
    assert_eq!(apply(&mut connection, &[order(1, 100), order(2, 100)]), [Outcome::Settled, Outcome::Settled]);
    let nowhere = Transfer { creditor: ACCOUNTS, ..order(4, 100) };
    let from_nowhere = Transfer { debtor: ACCOUNTS, ..order(5, 100) };
    assert_eq!(
        apply(&mut connection, &[order(1, 100), order(3, 100), order(2, 101), order(3, 100)]),
        [Outcome::AlreadyDone, Outcome::Settled, Outcome::OtherContent, Outcome::AlreadyDone],
        "{method:?}"
    );
    assert_eq!(
        apply(&mut connection, &[nowhere, order(6, 100), from_nowhere]),
        [Outcome::UnknownAccount, Outcome::Settled, Outcome::UnknownAccount],
        "{method:?}"
    );
    check_books(&mut postgres.cluster.connect().unwrap(), Tally { settled: 4, refused: 0 }).unwrap();
}

fn concurrent_batches_leave_the_books_in_order(postgres: &Postgres) {
    for method in METHODS {
        postgres.reset().unwrap();
        let requests: Vec<_> = ZIPF.batches(4_000, 50).unwrap().map(|batch| Batch::new(&batch).unwrap()).collect();
        let sessions = (0..4).map(|_| connection(postgres, method)).collect();
        let seen = drive(sessions, requests, Duration::ZERO, Duration::from_secs(60), &NEVER).unwrap();
        assert_eq!(seen.total.orders(), 4_000);
        check_books(&mut postgres.cluster.connect().unwrap(), seen.total).unwrap();
    }
}

fn books_that_are_wrong_are_noticed(postgres: &Postgres) {
    postgres.reset().unwrap();
    let mut client = postgres.cluster.connect().unwrap();
    assert!(check_books(&mut client, Tally { settled: 1, refused: 0 }).is_err());
    client.batch_execute("update accounts set credits = 1 where id = 1").unwrap();
    assert!(check_books(&mut client, Tally::default()).is_err());
    // The database itself keeps the limit, whatever the method does: account 0 may owe 250,000.
    assert!(client.batch_execute("update accounts set debits = 250001 where id = 0").is_err());
}
