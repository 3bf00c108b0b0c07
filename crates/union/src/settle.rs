//! Settlement of one order: conversion into the unit of account, limits, books.

use crate::calendar::Day;
use crate::command::{Payment, Priority};
use crate::event::{Event, Field, OrderEvent, Rejection};
use crate::order::{HeldBy, OrderStatus};
use crate::pay::transfer_kind;
use crate::reason::Reason;
use crate::state::Union;
use ledger::{AccountKey, Book, Hash, Headroom, NO_CAP, Refusal, Settlement, Transfer};
use money::{Currency, Rate, Rounding};

/// An order's amount in the unit of account, minor units.
///
/// Fixed when the order is presented, at the rates of that day: what is published while it waits does not
/// change what its debtor signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnitAmounts {
    /// What the debtor member gives: at the selling rate, rounded up.
    pub debit: u64,
    /// What the creditor member gets: at the buying rate, rounded down.
    pub credit: u64,
    /// The part of the difference that is due to the rates, rounded down; the rest is rounding.
    pub exchange: u64,
}

impl Union {
    /// Converts an order's amount at the published rates of the day.
    ///
    /// The rates are those that the debtor publishes if the currency is its own, else those of the
    /// creditor, else those of the first member whose currency it is; or those of the charter's sole publisher. Nobody gains by rounding: the
    /// debtor's side is rounded up, the creditor's down, and the difference goes to named accounts.
    pub(crate) fn unit_amounts(&self, payment: &Payment) -> Result<UnitAmounts, Rejection> {
        let unit = self.charter.unit_of_account;
        let amount = payment.amount;
        if payment.currency == unit.numeric() {
            return Ok(UnitAmounts { debit: amount, credit: amount, exchange: 0 });
        }
        let reject = |reason, text| Rejection::new(reason, Field::Currency, text);
        let currency = Currency::from_numeric(payment.currency)
            .map_err(|_| reject(Reason::AM03, "the currency is not an ISO 4217 currency with minor units"))?;
        let (buying, selling) = self.unit_rates(currency, &[payment.debtor, payment.creditor])?;
        let overflow =
            |_| Rejection::new(Reason::AM12, Field::Amount, "the amount is beyond the unit of account's range");
        let convert = |rate: Rate, rounding| {
            rate.convert(amount, currency.minor_digits(), unit.minor_digits(), rounding).map_err(overflow)
        };
        let debit = convert(selling, Rounding::Up)?;
        let credit = convert(buying, Rounding::Down)?;
        if credit == 0 {
            let text = "the amount is less than a minor unit of the unit of account";
            return Err(Rejection::new(Reason::AM12, Field::Amount, text));
        }
        let exchange = if buying == selling { 0 } else { convert(selling, Rounding::Down)? - credit };
        Ok(UnitAmounts { debit, credit, exchange })
    }

    /// Settles an order now and returns its digest, or says what it waits for and changes nothing.
    ///
    /// Under first-in-first-out an order also waits while an earlier one of the same member and of the
    /// same or a higher priority waits for the member's means; `entry` is its order of entry.
    pub(crate) fn try_to_settle(
        &mut self,
        payment: &Payment,
        amounts: UnitAmounts,
        entry: i64,
        rule: u8,
    ) -> Result<Hash, Reason> {
        let fifo = self.charter.queue.keeps_order();
        if fifo && self.orders.first_short_of_means(payment.debtor, (payment.priority, entry)).is_some() {
            return Err(Reason::AM04);
        }
        self.settle(payment, amounts, rule)
    }

    /// Settles an order now whatever waits ahead of it and returns its digest, or says what it waits for and changes nothing.
    pub(crate) fn settle(&mut self, payment: &Payment, amounts: UnitAmounts, rule: u8) -> Result<Hash, Reason> {
        if !self.may_settle_today(payment) {
            return Err(Reason::DT01);
        }
        let transfers = self.ledger.settle(&settlement(payment, amounts)).map_err(waiting_reason)?;
        Ok(self.tell_settled(payment, amounts, rule, transfers))
    }

    /// Whether an order's value date has come and both its members work today.
    pub(crate) fn may_settle_today(&self, payment: &Payment) -> bool {
        let (today, date) = (self.clock.today, Day(payment.value_date));
        date <= today && self.charter.calendar.is_joint_business_day(payment.debtor, payment.creditor, today)
    }

    /// Counts and tells an order that was booked, and has those tried for whom it makes room. Returns the order's digest.
    pub(crate) fn tell_settled(
        &mut self,
        payment: &Payment,
        amounts: UnitAmounts,
        rule: u8,
        transfers: [Option<Transfer>; 4],
    ) -> Hash {
        let cycle = self.count_settled();
        let digest = self.tell_order(OrderEvent {
            payment: *payment,
            status: OrderStatus::Settled,
            held_by: HeldBy::Nobody,
            reason: Reason::NONE,
            rule,
            cycle,
            unit_debit: amounts.debit,
            unit_credit: amounts.credit,
        });
        self.events.extend(transfers.into_iter().flatten().map(Event::Transfer));

        // The creditor can pay more now. And where the debtor's credit cap had kept others from paying it, they can.
        self.wake(payment.creditor);
        let frees_credit = self.ledger.position(payment.debtor).credit_cap != NO_CAP
            || self.ledger.account(debtor_account(payment)).credit_cap != NO_CAP;
        if frees_credit {
            self.wake_all();
        }
        digest
    }
}

/// The debtor's account in the order's currency.
pub(crate) fn debtor_account(payment: &Payment) -> AccountKey {
    AccountKey { book: Book(payment.currency), member: payment.debtor, participant: payment.debtor_participant }
}

/// The creditor's account in the order's currency.
pub(crate) fn creditor_account(payment: &Payment) -> AccountKey {
    AccountKey { book: Book(payment.currency), member: payment.creditor, participant: payment.creditor_participant }
}

/// What an order moves in the books.
pub(crate) fn settlement(payment: &Payment, amounts: UnitAmounts) -> Settlement {
    let headroom = match Priority::from_number(payment.priority) {
        Some(Priority::Urgent) => Headroom::All,
        Some(Priority::High) => Headroom::BelowUrgent,
        _ => Headroom::BelowHigh,
    };
    Settlement {
        kind: transfer_kind(payment),
        order: payment.id,
        debtor: debtor_account(payment),
        creditor: creditor_account(payment),
        amount: payment.amount,
        unit_debit: amounts.debit,
        unit_credit: amounts.credit,
        exchange: amounts.exchange,
        headroom,
    }
}

/// The ISO 20022 code for what an order waits for: `AM04` for the debtor's own means and limits, `AM02` for the
/// creditor's limits.
fn waiting_reason(refusal: Refusal) -> Reason {
    match refusal {
        Refusal::ParticipantDebitCap | Refusal::DebitCap | Refusal::Reserved | Refusal::BilateralDebitLimit => {
            Reason::AM04
        }
        Refusal::ParticipantCreditCap | Refusal::CreditCap | Refusal::BilateralCreditLimit => Reason::AM02,
        Refusal::Overflow => Reason::AM12,
    }
}
