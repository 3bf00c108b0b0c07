//! Membership: standing and keys. A member's keys and its leaving are its own; its standing follows votes.

use crate::charter::Member;
use crate::event::{Event, Field, Rejection};
use crate::order::OrderStatus;
use crate::reason::Reason;
use crate::roster::{NO_KEY, Roster, Rosters, Seat};
use crate::state::Union;
use bytemuck::{Pod, Zeroable};
use ledger::{AccountKey, NO_CAP};

/// How a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// It pays, is paid and votes.
    Active = 1,
    /// It pays and is paid no more until it is readmitted; what it owes and owns stays, and so does its part in open legs.
    Suspended = 2,
    /// It gave notice: as suspended, and its books are closed once its position is nought.
    Leaving = 3,
    /// The members expelled it: likewise.
    Expelled = 4,
    /// Its books are closed. Its number is not given to another.
    Left = 5,
}

impl Standing {
    /// Its name in the API and the command line.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Suspended => "suspended",
            Standing::Leaving => "leaving",
            Standing::Expelled => "expelled",
            Standing::Left => "left",
        }
    }
}

/// Which of a member's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyKind {
    /// Signs its batches.
    Signing = 1,
    /// Customer detail is encrypted to it.
    Sealing = 2,
    /// Its node's, which votes on blocks.
    Node = 3,
    /// That of the node which stands by.
    Standby = 4,
}

impl KeyKind {
    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<KeyKind> {
        [KeyKind::Signing, KeyKind::Sealing, KeyKind::Node, KeyKind::Standby].into_iter().find(|&k| k as u8 == number)
    }

    /// Its name in the API and the command line.
    pub fn name(self) -> &'static str {
        match self {
            KeyKind::Signing => "signing",
            KeyKind::Sealing => "sealing",
            KeyKind::Node => "node",
            KeyKind::Standby => "standby",
        }
    }
}

/// A member's standing and keys, as they are to be from the next roster on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Membership {
    pub(crate) signing_key: [u8; 32],
    pub(crate) sealing_key: [u8; 32],
    pub(crate) node_key: [u8; 32],
    pub(crate) standby_key: [u8; 32],
    /// Height since which it stands so.
    pub since_height: u64,
    standing: u8,
    reserved: [u8; 7],
}

impl Membership {
    pub(crate) fn new(member: &Member, height: u64) -> Membership {
        Membership {
            signing_key: member.signing_key,
            sealing_key: member.sealing_key,
            node_key: member.node_key.unwrap_or(NO_KEY),
            standby_key: NO_KEY,
            since_height: height,
            standing: Standing::Active as u8,
            reserved: [0; 7],
        }
    }

    /// How the member stands.
    pub fn standing(&self) -> Standing {
        match self.standing {
            1 => Standing::Active,
            2 => Standing::Suspended,
            3 => Standing::Leaving,
            4 => Standing::Expelled,
            _ => Standing::Left,
        }
    }

    pub(crate) fn is_plausible(&self) -> bool {
        (1..=5).contains(&self.standing) && self.reserved == [0; 7]
    }

    /// What a roster that is drawn up now says of it.
    pub fn seat(&self) -> Seat {
        match self.standing() {
            Standing::Active | Standing::Leaving => {
                Seat { signing_key: self.signing_key, node_key: self.node_key, standby_key: self.standby_key }
            }
            // It signs what is still its own affair, and its node follows.
            Standing::Suspended | Standing::Expelled => {
                Seat { signing_key: self.signing_key, node_key: NO_KEY, standby_key: self.node_key }
            }
            Standing::Left => Seat { signing_key: NO_KEY, node_key: NO_KEY, standby_key: NO_KEY },
        }
    }
}

/// What the holder of a new Ed25519 key signs with it, to show that it has it: 16 bytes of label, the union, the member, the kind and
/// the key.
pub fn key_proof_message(union: &ledger::Hash, member: u16, kind: KeyKind, key: &[u8; 32]) -> Vec<u8> {
    let mut message = b"comity new key 1".to_vec();
    message.extend_from_slice(union);
    message.extend_from_slice(&member.to_le_bytes());
    message.push(kind as u8);
    message.extend_from_slice(key);
    message
}

pub(crate) fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

impl Union {
    /// How a member stands. Panics where there is no such member.
    pub fn standing(&self, member: u16) -> Standing {
        self.memberships.get(u32::from(member)).standing()
    }

    /// A member's standing and keys, as they are to be from the next roster on.
    pub fn membership(&self, member: u16) -> &Membership {
        self.memberships.get(u32::from(member))
    }

    /// Whether a member pays, is paid and votes.
    pub fn is_active(&self, member: u16) -> bool {
        usize::from(member) < self.charter.members.len() && self.standing(member) == Standing::Active
    }

    pub(crate) fn active_members(&self) -> usize {
        self.memberships.rows().iter().filter(|row| row.standing() == Standing::Active).count()
    }

    /// The roster of the epoch of the last block, and that of the next one.
    pub fn rosters(&self) -> &Rosters {
        &self.rosters
    }

    /// The roster as members stand now.
    pub(crate) fn draw_up_roster(&self, epoch: u64) -> Roster {
        let mut roster = Roster { epoch, seats: self.memberships.rows().iter().map(Membership::seat).collect() };
        // Without any node nothing would ever be decided again: then those of before go on.
        if roster.nodes().is_empty() {
            for (seat, before) in roster.seats.iter_mut().zip(&self.rosters.next().seats) {
                seat.node_key = before.node_key;
            }
        }
        roster
    }

    /// First height at which a change of keys that is made now counts.
    pub(crate) fn next_roster_height(&self) -> u64 {
        (self.charter.epoch(self.height()) + 2) * self.charter.epoch_blocks
    }

    /// A member replaces a key of its own. `proof` is by the new key over [`key_proof_message`]; zero for a sealing key, which
    /// cannot sign, and where the standby key is taken away (`key` zero).
    pub(crate) fn replace_key(
        &mut self,
        sender: u16,
        kind: KeyKind,
        key: [u8; 32],
        proof: &[u8; 64],
    ) -> Result<(), Rejection> {
        let refused = |text| Err(Rejection::new(Reason::AG01, Field::Key, text));
        let is_removed = kind == KeyKind::Standby && key == NO_KEY;
        let message = key_proof_message(&self.charter.hash(), sender, kind, &key);
        let is_proved =
            if is_removed || kind == KeyKind::Sealing { *proof == [0; 64] } else { is_signed(&key, &message, proof) };
        if !is_proved || (key == NO_KEY && !is_removed) {
            return refused("the new key has not signed that it is to be this member's");
        }
        if matches!(kind, KeyKind::Node | KeyKind::Standby) && !self.charter.has_nodes() {
            return refused("this union's blocks are ordered by one node, whose place is not in the charter");
        }
        if let Err(text) = self.check_key_is_free(sender, kind, &key) {
            return refused(text);
        }
        let from_height = self.next_roster_height();
        self.put_key(sender, kind, key);
        self.events.push(Event::KeyReplaced { member: sender, kind, key, from_height });
        Ok(())
    }

    /// A key stands for one member and one purpose; but a member's standby key becomes its node's, and the other way round.
    pub(crate) fn check_key_is_free(&self, member: u16, kind: KeyKind, key: &[u8; 32]) -> Result<(), &'static str> {
        if *key == NO_KEY {
            return Ok(());
        }
        for (other, row) in (0..).zip(self.memberships.rows()) {
            let mut used = vec![(KeyKind::Signing, row.signing_key), (KeyKind::Node, row.node_key)];
            used.push((KeyKind::Standby, row.standby_key));
            let seats = self.rosters.known.iter().filter_map(|roster| roster.seats.get(usize::from(other)));
            used.extend(seats.flat_map(|seat| {
                [
                    (KeyKind::Signing, seat.signing_key),
                    (KeyKind::Node, seat.node_key),
                    (KeyKind::Standby, seat.standby_key),
                ]
            }));
            let is_node = |kind: KeyKind| matches!(kind, KeyKind::Node | KeyKind::Standby);
            let is_taken = |(as_kind, used): &(KeyKind, [u8; 32])| {
                used == key && !(other == member && (*as_kind == kind || is_node(*as_kind) && is_node(kind)))
            };
            if kind != KeyKind::Sealing && used.iter().any(is_taken) {
                return Err("the key is in use");
            }
        }
        Ok(())
    }

    /// Puts a key in its place; it counts from the next roster on.
    pub(crate) fn put_key(&mut self, member: u16, kind: KeyKind, key: [u8; 32]) {
        let row = self.memberships.get_mut(u32::from(member));
        let shown = &mut self.charter.members[usize::from(member)];
        match kind {
            KeyKind::Signing => (row.signing_key, shown.signing_key) = (key, key),
            KeyKind::Sealing => (row.sealing_key, shown.sealing_key) = (key, key),
            KeyKind::Standby => row.standby_key = key,
            KeyKind::Node => {
                if row.standby_key == key {
                    row.standby_key = NO_KEY;
                }
                (row.node_key, shown.node_key) = (key, (key != NO_KEY).then_some(key));
            }
        }
    }

    /// A member gives notice. Nobody's consent is needed.
    pub(crate) fn give_notice(&mut self, sender: u16) -> Result<(), Rejection> {
        if !matches!(self.standing(sender), Standing::Active | Standing::Suspended) {
            return Err(Rejection::new(Reason::AG01, Field::Record, "the member has given notice, or is expelled"));
        }
        self.set_standing(sender, Standing::Leaving);
        Ok(())
    }

    pub(crate) fn set_standing(&mut self, member: u16, standing: Standing) {
        let height = self.height();
        let row = self.memberships.get_mut(u32::from(member));
        (row.standing, row.since_height) = (standing as u8, height);
        self.events.push(Event::StandingChanged { member, standing });
        if standing != Standing::Active {
            self.cancel_orders_of(member);
            self.close_books();
        }
        self.wake_all();
    }

    /// Cancels every open order that a member is a side of.
    fn cancel_orders_of(&mut self, member: u16) {
        let is_side = |order: &&crate::OpenOrder| order.payment.debtor == member || order.payment.creditor == member;
        let ids: Vec<u128> = self.orders.all_open().filter(is_side).map(|order| order.payment.id).collect();
        for id in ids {
            let at = self.find_open(id).expect("the order is open");
            self.end_unsettled(at, OrderStatus::Cancelled, Reason::AG01);
        }
    }

    /// Closes the books of members that are going and whose positions are nought, with nothing still to be paid.
    pub(crate) fn close_books(&mut self) {
        for member in 0..self.charter.members.len() as u16 {
            let is_going = matches!(self.standing(member), Standing::Leaving | Standing::Expelled);
            let position = self.ledger.position(member);
            let has_dues = self.ledger.account(AccountKey::dues(member)).balance() != 0;
            if is_going && !has_dues && position.balance() == 0 && position.to_pay == 0 && position.to_receive == 0 {
                let height = self.height();
                let row = self.memberships.get_mut(u32::from(member));
                (row.standing, row.since_height) = (Standing::Left as u8, height);
                self.events.push(Event::StandingChanged { member, standing: Standing::Left });
            }
        }
    }

    /// Makes room for the members that the charter has more than before.
    pub(crate) fn admit_members(&mut self) {
        let height = self.height();
        for number in self.memberships.len()..self.charter.members.len() as u32 {
            let member = self.charter.members[number as usize].clone();
            self.memberships.push(Membership::new(&member, height));
            self.ledger.admit();
            let caps = self.ledger.set_caps(AccountKey::position(number as u16), member.debit_cap, member.credit_cap);
            caps.expect("a position without movements is within every cap");
            self.orders.admit();
            for _ in 0..crate::RULES_MAX {
                self.rules.push(Zeroable::zeroed());
            }
            self.rates.push(Zeroable::zeroed());
            self.rates.push(Zeroable::zeroed());
            self.attempts.push(Zeroable::zeroed());
            self.admit_to_credit(number as u16);
            self.events.push(Event::StandingChanged { member: number as u16, standing: Standing::Active });
        }
    }

    /// Caps follow an amended charter: a member that had set none of its own has what is granted now; a lower one of its own
    /// stays. Where more is in use than is granted, what is in use is the cap until it is less.
    pub(crate) fn follow_granted_caps(&mut self, before: &[Member]) {
        for (number, was) in (0..).zip(before) {
            let key = AccountKey::position(number);
            let account = self.ledger.account(key);
            let granted = &self.charter.members[usize::from(number)];
            let follow = |cap: u64, was: u64, granted: u64, in_use: u128| {
                let cap = if cap == was { granted } else { cap.min(granted) };
                cap.max(u64::try_from(in_use).unwrap_or(NO_CAP))
            };
            let debit_cap = follow(account.debit_cap, was.debit_cap, granted.debit_cap, account.owes_at_most());
            let credit_cap = follow(account.credit_cap, was.credit_cap, granted.credit_cap, account.owns_at_most());
            self.ledger.set_caps(key, debit_cap, credit_cap).expect("a cap is not below what is in use");
        }
    }
}

const _: () = assert!(size_of::<Membership>() == 144 && size_of::<Seat>() == 96);
