//! What a member sets for itself: limits, reservations, participants, rules.
//!
//! Each of these changes only by a command of the member that owns it, never as a side effect.

use crate::command::{AcceptanceRule, RULES_MAX};
use crate::event::{Event, Field, Rejection};
use crate::reason::Reason;
use crate::rows::Participant;
use crate::state::Union;
use bytemuck::Zeroable;
use ledger::{AccountKey, Book, NO_CAP, Refusal};
use money::Currency;

/// The most participants that a union registers.
const PARTICIPANTS_MAX: u32 = 1 << 24;

fn beyond(refusal: Refusal) -> Rejection {
    let (field, text) = match refusal {
        Refusal::CreditCap => {
            (Field::CreditCap, "the cap is below what the account owns, or will once legs are confirmed")
        }
        Refusal::BilateralDebitLimit => (Field::DebitLimit, "the limit is below what is owed in the open cycle"),
        Refusal::BilateralCreditLimit => (Field::CreditLimit, "the limit is below what is owed in the open cycle"),
        _ => (Field::DebitCap, "the cap is below what the account owes, or will once legs are confirmed"),
    };
    Rejection::new(Reason::AM02, field, text)
}

impl Union {
    fn changed(&mut self, member: u16) {
        self.events.push(Event::SettingsChanged { member });
        self.wake_all();
    }

    pub(crate) fn set_caps(&mut self, sender: u16, debit_cap: u64, credit_cap: u64) -> Result<(), Rejection> {
        let granted = &self.charter.members[usize::from(sender)];
        let cap = |own: u64, granted: u64| if own == NO_CAP { Some(granted) } else { (own <= granted).then_some(own) };
        let more = |field| Rejection::new(Reason::AM02, field, "the cap is more than the charter allows");
        let debit_cap = cap(debit_cap, granted.debit_cap).ok_or_else(|| more(Field::DebitCap))?;
        let credit_cap = cap(credit_cap, granted.credit_cap).ok_or_else(|| more(Field::CreditCap))?;
        self.ledger.set_caps(AccountKey::position(sender), debit_cap, credit_cap).map_err(beyond)?;
        self.changed(sender);
        Ok(())
    }

    pub(crate) fn set_reservations(&mut self, sender: u16, urgent: u64, high: u64) {
        self.ledger.set_reservations(sender, urgent, high);
        self.events.push(Event::SettingsChanged { member: sender });
        self.wake(sender);
    }

    pub(crate) fn set_bilateral_limits(
        &mut self,
        sender: u16,
        counterparty: u16,
        debit_limit: u64,
        credit_limit: u64,
    ) -> Result<(), Rejection> {
        if usize::from(counterparty) >= self.charter.members.len() || counterparty == sender {
            return Err(Rejection::new(Reason::RC04, Field::Counterparty, "the counterparty is not another member"));
        }
        let granted = self.charter.credit.line(counterparty, sender);
        if credit_limit != NO_CAP && credit_limit > granted {
            return Err(Rejection::new(Reason::AM02, Field::CreditLimit, "the limit is more than the charter's line"));
        }
        let credit_limit = credit_limit.min(granted);
        let before = self.ledger.line(sender, counterparty).debit_limit;
        self.ledger.set_debit_limit(sender, counterparty, debit_limit).map_err(beyond)?;
        if let Err(refusal) = self.ledger.set_credit_limit(counterparty, sender, credit_limit) {
            self.ledger.set_debit_limit(sender, counterparty, before).expect("the limit that was in force");
            return Err(beyond(refusal));
        }
        self.changed(sender);
        Ok(())
    }

    /// Whether a member has this participant; 0 is the member itself.
    pub(crate) fn is_participant(&self, member: u16, number: u32) -> bool {
        number == 0 || self.find_participant(member, number).is_some()
    }

    fn find_participant(&self, member: u16, number: u32) -> Option<u32> {
        self.participant_index.find(participant_key(member, number), |at| {
            let row = self.participants.get(at);
            participant_key(row.member, row.number)
        })
    }

    pub(crate) fn register_participant(
        &mut self,
        sender: u16,
        number: u32,
        identifier: [u8; 20],
        name: [u8; 100],
    ) -> Result<(), Rejection> {
        if number == 0 || number == crate::ANY_PARTICIPANT {
            return Err(Rejection::new(Reason::FF01, Field::Participant, "the number stands for something else"));
        }
        let row = Participant { member: sender, number, identifier, name, ..Zeroable::zeroed() };
        match self.find_participant(sender, number) {
            Some(at) => *self.participants.get_mut(at) = row,
            None if self.participants.len() >= PARTICIPANTS_MAX => {
                return Err(Rejection::new(Reason::NARR, Field::Participant, "no more participants can be registered"));
            }
            None => {
                let at = self.participants.push(row);
                let rows = &self.participants;
                self.participant_index.insert(participant_key(sender, number), at, |at| {
                    participant_key(rows.get(at).member, rows.get(at).number)
                });
            }
        }
        self.events.push(Event::SettingsChanged { member: sender });
        Ok(())
    }

    pub(crate) fn set_participant_caps(
        &mut self,
        sender: u16,
        participant: u32,
        currency: u16,
        debit_cap: u64,
        credit_cap: u64,
    ) -> Result<(), Rejection> {
        if !self.is_participant(sender, participant) {
            return Err(Rejection::new(
                Reason::AC02,
                Field::Participant,
                "the member has not registered this participant",
            ));
        }
        let is_used = |used: Currency| used.numeric() == currency;
        if !is_used(self.charter.unit_of_account) && !self.charter.members.iter().any(|m| is_used(m.currency)) {
            let text = "the currency is not that of a member or the unit of account";
            return Err(Rejection::new(Reason::AM03, Field::Currency, text));
        }
        let key = AccountKey { book: Book(currency), member: sender, participant };
        self.ledger.set_caps(key, debit_cap, credit_cap).map_err(beyond)?;
        self.changed(sender);
        Ok(())
    }

    pub(crate) fn set_rule(&mut self, sender: u16, rule: AcceptanceRule) -> Result<(), Rejection> {
        if rule.currency != 0 && Currency::from_numeric(rule.currency).is_err() {
            return Err(Rejection::new(Reason::AM03, Field::Currency, "not an ISO 4217 currency with minor units"));
        }
        let at = u32::from(sender) * u32::from(RULES_MAX) + u32::from(rule.slot);
        // An empty slot has one form, whatever else the command carried.
        *self.rules.get_mut(at) = if rule.action == 0 { AcceptanceRule::zeroed() } else { rule };
        self.events.push(Event::SettingsChanged { member: sender });
        Ok(())
    }
}

pub(crate) fn participant_key(member: u16, number: u32) -> u128 {
    (u128::from(member) << 32) | u128::from(number)
}
