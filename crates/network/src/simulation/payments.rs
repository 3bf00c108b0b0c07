//! Members of a small union, and what they sign.

use crate::consensus::PublicKey;
use bytes::Bytes;
use commonware_codec::DecodeExt as _;
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use ed25519_dalek::{Signer as _, SigningKey};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use union::{Batch, Charter, Command, Founding, Payment};

/// A member that pays.
pub(crate) struct Payer {
    pub number: u16,
    members: u16,
    key: SigningKey,
    /// Of the batch that it signs next or signed last.
    pub sequence: u64,
    /// Orders that it has made.
    made: u64,
}

impl Payer {
    pub fn new(number: usize, members: usize) -> Payer {
        let number = number as u16;
        Payer { number, members: members as u16, key: signing_key(number), sequence: 0, made: 0 }
    }

    /// One to three payments to other members.
    pub fn payments(&mut self, charter: &Charter, random: &mut ChaCha8Rng) -> Vec<Command> {
        (0..random.random_range(1..=3))
            .map(|_| {
                self.made += 1;
                let id = u128::from(self.number) << 64 | u128::from(self.made);
                let creditor = (self.number + random.random_range(1..self.members)) % self.members;
                let amount = random.random_range(1..1_000);
                Command::Pay(Payment::new(id, self.number, creditor, 840, amount, charter.first_day.0))
            })
            .collect()
    }

    /// A batch of commands with this member's sequence as it is.
    pub fn sign(&self, charter: &Charter, commands: &[Command]) -> Arc<[u8]> {
        let records: Vec<_> = commands.iter().map(Command::encode).collect();
        let key = self.key.verifying_key().to_bytes();
        let sign = |message: &[u8]| ed25519_dalek::Signer::sign(&self.key, message).to_bytes();
        Batch::build(charter.hash(), self.number, key, self.sequence, &records, &[], sign)
            .expect("it is well formed")
            .into()
    }
}

fn signing_key(number: u16) -> SigningKey {
    SigningKey::from_bytes(&[number as u8 + 1; 32])
}

/// The bytes of a node's private key.
fn node_key_bytes(number: usize) -> [u8; 32] {
    [number as u8 + 101; 32]
}

/// A node's private key.
pub(crate) fn node_key(number: usize) -> PrivateKey {
    PrivateKey::decode(Bytes::from_owner(node_key_bytes(number))).expect("a key")
}

/// The nodes' public keys, by their members' numbers.
pub(crate) fn public_keys(nodes: usize) -> Vec<PublicKey> {
    (0..nodes).map(|node| node_key(node).public_key()).collect()
}

/// Blocks in an epoch: few, so that there are many ends of epochs.
pub(crate) const EPOCH_BLOCKS: u64 = 16;

/// What a journal of a union on this charter begins with.
pub(crate) fn genesis(charter: &Charter) -> Vec<u8> {
    let sign = |member: u16, message: &[u8]| signing_key(member).sign(message).to_bytes();
    Founding::signed_by(charter.clone(), sign).expect("all sign").genesis()
}

/// A charter of members with a node each.
pub(crate) fn charter(members: usize) -> Charter {
    let mut text = format!(
        "name = \"Simulated\"\nprotocol = 1\nepoch_blocks = {EPOCH_BLOCKS}\nunit_of_account = \"USD\"\nsettlement_asset = \"USD\"\n\
         [calendar]\nutc_offset_minutes = 0\ncustomer_cut_off = \"17:00\"\ninterbank_cut_off = \"17:00\"\ndays_ahead = 10\n\
         [cycle]\nfirst_day = \"2026-01-05\"\ndays = 1\nclose = \"18:00\"\n\
         [queue]\ndiscipline = \"bypass-fifo\"\nattempts = 1000\nopen_orders_max = 1000\ndays_waiting = 5\n",
    );
    let hex = |key: SigningKey| -> String {
        key.verifying_key().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    for member in 0..members {
        let key = hex(signing_key(member as u16));
        let node_key = hex(SigningKey::from_bytes(&node_key_bytes(member)));
        text += &format!(
            "[[members]]\ncode = \"M{member}\"\nname = \"Member {member}\"\ncurrency = \"USD\"\nsigning_key = \"{key}\"\n\
             sealing_key = \"{key}\"\nnode_key = \"{node_key}\"\ndebit_cap = \"50.00\"\nweekend = []\n",
        );
    }
    Charter::parse(&text).expect("it is a charter")
}
