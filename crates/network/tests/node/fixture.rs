//! A small union whose members sign what they are told.

use ed25519_dalek::{Signer, SigningKey};
use std::sync::Arc;
use union::{Batch, Charter, Command, Founding, Payment, Union};

pub struct Member {
    pub number: u16,
    key: SigningKey,
    sequence: u64,
}

impl Member {
    pub fn with_key(number: u16, key: SigningKey, sequence: u64) -> Member {
        Member { number, key, sequence }
    }

    /// Goes on after its last batch in a union that may have lost some.
    pub fn follow(&mut self, union: &Union) {
        self.sequence = union.sequence(self.number);
    }

    pub fn sign(&mut self, charter: &Charter, commands: &[Command]) -> Arc<[u8]> {
        self.sign_with(charter, commands, &[])
    }

    /// The same, with what is beside the records.
    pub fn sign_with(&mut self, charter: &Charter, commands: &[Command], beside: &[(u16, Vec<u8>)]) -> Arc<[u8]> {
        self.sequence += 1;
        let records: Vec<_> = commands.iter().map(Command::encode).collect();
        let key = self.key.verifying_key().to_bytes();
        let sign = |message: &[u8]| self.key.sign(message).to_bytes();
        Batch::build(charter.hash(), self.number, key, self.sequence, &records, beside, sign).unwrap().into()
    }
}

pub fn members(count: u16) -> Vec<Member> {
    (0..count)
        .map(|number| Member { number, key: SigningKey::from_bytes(&[number as u8 + 1; 32]), sequence: 0 })
        .collect()
}

/// The charter, signed by those whom [`members`] makes.
pub fn founding(charter: &Charter) -> Founding {
    let sign = |number: u16, message: &[u8]| SigningKey::from_bytes(&[number as u8 + 1; 32]).sign(message).to_bytes();
    Founding::signed_by(charter.clone(), sign).unwrap()
}

pub fn charter(members: &[Member]) -> Charter {
    charter_with("", members, |_| String::new())
}

/// A charter whose members have a node each: number `n` has the key made of bytes `n + 101`.
pub fn charter_of_nodes(members: &[Member]) -> Charter {
    charter_with("epoch_blocks = 16\n", members, |number| {
        let key = SigningKey::from_bytes(&[number as u8 + 101; 32]).verifying_key().to_bytes();
        format!("node_key = \"{}\"\n", hex(&key))
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn charter_with(top: &str, members: &[Member], node_key: impl Fn(u16) -> String) -> Charter {
    let mut text = format!(
        "name = \"Test\"\nprotocol = 1\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n{top}\
         [calendar]\nutc_offset_minutes = 0\ncustomer_cut_off = \"17:00\"\ninterbank_cut_off = \"17:00\"\ndays_ahead = 10\n\
         [cycle]\nfirst_day = \"2026-01-05\"\ndays = 1\nclose = \"18:00\"\n\
         [queue]\ndiscipline = \"bypass-fifo\"\nattempts = 1000\nopen_orders_max = 1000\ndays_waiting = 5\n",
    );
    for member in members {
        let key = hex(&member.key.verifying_key().to_bytes());
        text += &format!(
            "[[members]]\ncode = \"M{0}\"\nname = \"Member {0}\"\ncurrency = \"USD\"\nsigning_key = \"{key}\"\nsealing_key = \"{key}\"\nweekend = []\n",
            member.number
        );
        text += &node_key(member.number);
    }
    Charter::parse(&text).unwrap()
}

pub fn noon(charter: &Charter, day: u32) -> u64 {
    charter.calendar.time_ms(charter.first_day.after_days(day), 12 * 3_600)
}

pub fn pay(charter: &Charter, id: u128, debtor: u16, creditor: u16, amount: u64, day: u32) -> Command {
    Command::Pay(Payment::new(id, debtor, creditor, 840, amount, charter.first_day.after_days(day).0))
}
