//! A union of three members that most tests play in.

use iso20022::Directory;
use std::sync::Arc;
use union::{Batch, Block, Charter, Command, Day, Leg, Payment, Union};

/// A Monday.
pub const TODAY: Day = Day(13_150);

pub fn charter() -> Charter {
    let text = include_str!("../../../../fuzz/small-union.toml");
    let text = text.replace("\"5.00\"", "\"500000.00\"").replace("\"3.00\"", "\"300000.00\"");
    Charter::parse(&text.replace("credit_cap = \"9.00\"\n", "")).unwrap()
}

/// The members by BIC and LEI; the third has none.
pub fn directory() -> Directory {
    let charter = charter();
    let code = |member: usize| charter.members[member].code.as_str();
    let identifiers = [(code(0), "FICTARBA"), (code(1), "FICTCLRMXXX"), (code(1), "506700GE1G29325QX363")];
    let mut directory = Directory::new(&charter, identifiers).unwrap();
    directory.add_participant(0, 7, "PARTARBAXXX", "Banco Siete");
    directory.add_participant(1, 9, "PARTCLRM", "Banco Nueve");
    directory.add_participant(2, 9, "PARTKWKW", "Bank Nine");
    directory
}

/// 12:00 on the first day.
pub fn noon() -> u64 {
    charter().calendar.time_ms(TODAY, 12 * 3_600)
}

pub fn founded() -> Union {
    Union::new(charter(), 0)
}

/// Applies a block of one member's records.
pub fn apply(union: &mut Union, member: u16, records: &[Command], time_ms: u64) -> union::Applied {
    let hash = union.charter().hash();
    let records: Vec<_> = records.iter().map(Command::encode).collect();
    let key = union.charter().members[usize::from(member)].signing_key;
    let batch = Batch::build(hash, member, key, union.sequence(member) + 1, &records, &[], |_| [0; 64]).unwrap();
    let batch = Batch::from_journal(Arc::from(batch)).unwrap();
    let block = Block::new(union.height() + 1, time_ms, union.parent(), 0, union.state(), vec![batch]);
    union.apply(&block).unwrap()
}

/// A payment of the first member to the second, and the leg that its cycle ends with.
pub fn pay_and_close(union: &mut Union) -> Leg {
    let unit = union.charter().unit_of_account.numeric();
    let time_ms = union.time_ms() + 12 * 3_600_000;
    let payment = Payment::new(1, 0, 1, unit, 12_345, union.today().0);
    apply(union, 0, &[Command::Pay(payment)], time_ms);
    for member in 0..2 {
        apply(union, member, &[Command::CloseCycle { cycle: 1 }], time_ms + 1);
    }
    let cycle = union.cycles()[0];
    union.legs(&cycle)[0]
}
