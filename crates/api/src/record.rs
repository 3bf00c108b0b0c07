//! The record of an order in its block, and the customer detail that only the two members concerned can open.

use keys::seal::{Context, Side, open};
use keys::{Detail, MemberKey};
use union::{Block, Command, Hash, Payment, Place};

/// An order as it was presented, with its sealed detail.
pub(crate) type Presented = (Payment, Option<Vec<u8>>);

/// The order at a place of a block.
pub(crate) fn record_in(block: &Block, place: Place) -> Option<Presented> {
    let batch = block.batches().get(usize::from(place.batch))?;
    let Ok(Command::Pay(payment)) = Command::decode(batch.records().get(usize::from(place.record))?) else {
        return None;
    };
    let sealed = batch.details().find(|(at, _)| *at == place.record).map(|(_, sealed)| sealed.to_vec());
    Some((payment, sealed))
}

/// Customer detail as a member reads it with its key; none where it is not one of the two concerned, or the sender sealed it wrongly.
pub(crate) fn detail(union: Hash, member: u16, key: &MemberKey, payment: &Payment, sealed: &[u8]) -> Option<Detail> {
    let side = match member {
        member if member == payment.debtor => Side::Debtor,
        member if member == payment.creditor => Side::Creditor,
        _ => return None,
    };
    let Payment { id: order_id, debtor, creditor, .. } = *payment;
    open(sealed, &Context { union_id: union, order_id, debtor, creditor }, key, side)
        // Whoever sent it can make as much of it as pays for orders.
        .inspect_err(|error| tracing::debug!(%error, "customer detail cannot be opened"))
        .ok()
}
