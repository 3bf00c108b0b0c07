//! Whether an instance is one.

use super::{Instance, InstanceError};
use std::collections::BTreeMap;

/// Checks everything that the algorithms take for granted.
pub(super) fn check(instance: &Instance) -> Result<(), InstanceError> {
    let sizes = [
        ("payments", instance.payments.len(), Instance::PAYMENTS_MAX),
        ("parties", instance.parties.len(), Instance::ACCOUNTS_MAX),
        ("side accounts", instance.side_accounts.len(), Instance::ACCOUNTS_MAX),
        ("bilateral limits", instance.limits.len(), Instance::ACCOUNTS_MAX),
    ];
    if let Some(&(what, count, _)) = sizes.iter().find(|(_, count, most)| count > most) {
        return Err(InstanceError::Size { what, count });
    }
    check_accounts(instance)?;
    check_limits(instance)?;
    check_payments(instance)
}

fn check_accounts(instance: &Instance) -> Result<(), InstanceError> {
    for (party, p) in instance.parties.iter().enumerate() {
        check_balance("party", party, p.balance)?;
        if !p.floors.is_sorted() {
            return Err(InstanceError::Floors { party });
        }
    }
    for (at, side) in instance.side_accounts.iter().enumerate() {
        check_balance("side account", at, side.balance)?;
    }
    Ok(())
}

fn check_balance(what: &'static str, index: usize, balance: i128) -> Result<(), InstanceError> {
    if balance.unsigned_abs() > Instance::BALANCE_MAX.unsigned_abs() {
        return Err(InstanceError::Balance { what, index, balance });
    }
    Ok(())
}

fn check_parties(instance: &Instance, what: &'static str, index: usize, two: [u32; 2]) -> Result<(), InstanceError> {
    let parties = instance.parties.len();
    if let Some(&party) = two.iter().find(|&&party| party as usize >= parties) {
        return Err(InstanceError::Party { what, index, party, parties });
    }
    if two[0] == two[1] {
        return Err(InstanceError::Itself { what, index, party: two[0] });
    }
    Ok(())
}

fn check_limits(instance: &Instance) -> Result<(), InstanceError> {
    let mut nets: BTreeMap<(u32, u32), i128> = BTreeMap::new();
    for (limit, l) in instance.limits.iter().enumerate() {
        check_parties(instance, "bilateral limit", limit, [l.debtor, l.creditor])?;
        check_balance("bilateral limit", limit, l.net)?;
        let contradicts = nets.get(&(l.creditor, l.debtor)).is_some_and(|&net| net != -l.net);
        if nets.insert((l.debtor, l.creditor), l.net).is_some() || contradicts {
            return Err(InstanceError::Limit { limit });
        }
    }
    Ok(())
}

fn check_payments(instance: &Instance) -> Result<(), InstanceError> {
    let accounts = instance.side_accounts.len();
    for (payment, p) in instance.payments.iter().enumerate() {
        check_parties(instance, "payment", payment, [p.payer, p.payee])?;
        if let Some(account) = [p.payer_side, p.payee_side].into_iter().flatten().find(|&a| a as usize >= accounts) {
            return Err(InstanceError::SideAccount { payment, account, accounts });
        }
        if let (Some(account), true) = (p.payer_side, p.payer_side == p.payee_side) {
            return Err(InstanceError::SideItself { payment, account });
        }
        if p.debit == 0 {
            return Err(InstanceError::Zero { payment });
        }
        if p.credit > p.debit {
            return Err(InstanceError::Credit { payment, credit: p.credit, debit: p.debit });
        }
    }
    Ok(())
}
