//! `export`: what is written is read back and is what the union holds.

use crate::scene::{Scene, file_names, run};
use parquet::data_type::Decimal;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use std::collections::BTreeMap;
use std::fs::File;
use union::{Batch, Block, Union};

/// The rows of an exported file, by column.
fn rows(scene: &Scene, name: &str) -> Vec<BTreeMap<String, Field>> {
    let file = File::open(scene.path(&format!("out/{name}.parquet"))).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    rows.map(|row: Row| row.into_columns().into_iter().collect()).collect()
}

fn text(field: &Field) -> &str {
    match field {
        Field::Str(text) => text,
        other => panic!("{other:?} is not text"),
    }
}

/// A DECIMAL(38,0) as an integer.
fn minor(field: &Field) -> i128 {
    let Field::Decimal(decimal) = field else { panic!("{field:?} is not a decimal") };
    assert_eq!((decimal.precision(), decimal.scale()), (38, 0));
    let Decimal::Bytes { value, .. } = decimal else { panic!("{decimal:?} is not kept in bytes") };
    i128::from_be_bytes(value.data().try_into().unwrap())
}

fn number(field: &Field) -> i64 {
    match field {
        Field::Long(number) => *number,
        other => panic!("{other:?} is not a number"),
    }
}

/// The union that the journal leads to.
fn replayed(scene: &Scene) -> Union {
    let reader = journal::Reader::open(scene.path("union/data")).unwrap();
    let mut union = Union::new(scene.charter(), 0);
    let mut blocks = reader.blocks(1).unwrap();
    // Before a block stand the state hash and the length of its certificate, which a node that orders alone has none of.
    while let Some(block) = blocks.next_block().unwrap() {
        union.apply(&Block::decode(&block.payload[36..], Batch::from_journal).unwrap()).unwrap();
    }
    union
}

#[test]
fn what_is_exported_is_what_the_union_holds() {
    let scene = Scene::new();
    // Eight business days, over the close of the cycle of November.
    scene.trade(8);
    let union = replayed(&scene);
    let exported = run(&["export", &scene.arg("union"), "--out", &scene.arg("out"), "--output=json"]).expect(0).json();
    assert_eq!(exported["height"], 24);
    let files = ["cycles.parquet", "legs.parquet", "orders.parquet", "positions.parquet", "transfers.parquet"];
    assert_eq!(file_names(&scene.path("out")), files);

    let orders = rows(&scene, "orders");
    assert_eq!(orders.len(), 24);
    for (order, closed) in orders.iter().zip(union.orders().all_closed()) {
        assert_eq!(text(&order["id"]), uuid::Uuid::from_u128(closed.id).to_string());
        assert_eq!(minor(&order["amount"]), i128::from(closed.amount));
        assert_eq!(minor(&order["unit_debit"]), i128::from(closed.amount), "the unit of account is the dollar");
        assert_eq!((text(&order["currency"]), number(&order["decimals"])), ("USD", 2));
        assert_eq!((text(&order["status"]), text(&order["purpose"])), ("settled", "GDDS"));
        assert_eq!(number(&order["block"]), i64::try_from(closed.place().height).unwrap());
        assert_eq!(order["value_date"], Field::Date(closed.value_date as i32));
        assert_eq!((&order["reason"], &order["original"]), (&Field::Null, &Field::Null));
    }

    // Every transfer takes from one side what it gives to the other; with the positions' own sums that is the books.
    let transfers = rows(&scene, "transfers");
    let mut balances: BTreeMap<(String, bool, String, i64), i128> = BTreeMap::new();
    for transfer in &transfers {
        for (side, sign) in [("debit", -1), ("credit", 1)] {
            let member = text(&transfer[&format!("{side}_member")]).to_owned();
            let participant = number(&transfer[&format!("{side}_participant")]);
            let is_unit = transfer["unit_of_account"] == Field::Bool(true);
            let key = (text(&transfer["currency"]).to_owned(), is_unit, member, participant);
            *balances.entry(key).or_default() += sign * minor(&transfer["amount"]);
        }
    }
    let positions = rows(&scene, "positions");
    assert_eq!(positions.len(), union.ledger().accounts().rows().len());
    let mut sum = 0;
    for position in &positions {
        let is_unit = text(&position["account"]) != "payments";
        let member = text(&position["member"]).to_owned();
        let key = (text(&position["currency"]).to_owned(), is_unit, member, number(&position["participant"]));
        let balance = minor(&position["balance"]);
        assert_eq!(balances.remove(&key).unwrap_or_default(), balance, "{key:?}");
        sum += balance;
    }
    assert_eq!((balances.len(), sum), (0, 0));

    let cycles = rows(&scene, "cycles");
    let statuses: Vec<_> = cycles.iter().map(|cycle| text(&cycle["status"])).collect();
    assert_eq!(statuses, ["closed", "open"]);
    assert_eq!(minor(&cycles[0]["gross"]), i128::try_from(union.cycles()[0].gross).unwrap());
    let legs = rows(&scene, "legs");
    assert_eq!(legs.len(), union.legs(&union.cycles()[0]).len());
    assert!(!legs.is_empty());
    for (leg, held) in legs.iter().zip(union.legs(&union.cycles()[0])) {
        assert_eq!(minor(&leg["amount"]), i128::try_from(held.asset_amount).unwrap());
        assert_eq!(leg["confirmed_at"], Field::Null);
    }
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_half_done() {
    let scene = Scene::new();
    std::fs::create_dir(scene.path("out")).unwrap();
    std::fs::write(scene.path("out/mine"), "mine").unwrap();
    run(&["export", &scene.arg("union"), "--out", &scene.arg("out")]).expect(1).says(&["not empty"]);
    assert_eq!(file_names(&scene.path("out")), ["mine"]);
    run(&["export", &scene.arg("nowhere"), "--out", &scene.arg("new")]).expect(1).says(&["nowhere"]);
    assert!(!scene.path("new").exists());
}

#[test]
fn a_failed_export_leaves_room_for_the_next() {
    let scene = Scene::new();
    scene.trade(2);
    let (file, good) = scene.segments().pop().unwrap();
    let mut bad = good.clone();
    let at = bad.len() / 2;
    bad[at] ^= 1;
    std::fs::create_dir(scene.path("there")).unwrap();
    let exports =
        ["new", "there"].map(|name| (name, ["export".into(), scene.arg("union"), "--out".into(), scene.arg(name)]));
    std::fs::write(&file, &bad).unwrap();
    for (name, export) in &exports {
        assert_ne!(run(&export.each_ref().map(String::as_str)).code, 0);
        assert_eq!(scene.path(name).exists(), *name == "there");
    }
    assert_eq!(file_names(&scene.path("there")), [""; 0]);
    std::fs::write(&file, &good).unwrap();
    for (_, export) in &exports {
        run(&export.each_ref().map(String::as_str)).expect(0);
    }
}
