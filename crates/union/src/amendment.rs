//! What another text of the charter may change, and what it may not.

use crate::charter::Charter;
use crate::membership::is_signed;
use crate::proposal::accession_message;
use crate::voting_rules::Decision;
use ledger::Hash;

/// Checks a proposed text (for [`Decision::Amend`] or [`Decision::Admit`]) against the charter that it is to follow, and reads it.
/// `text_hash` is the hash that was proposed, `accession` the newcomer's signature over [`accession_message`], or zero.
///
/// # Errors
///
/// What it may not change, or where it is no charter.
pub fn check(
    charter: &Charter,
    kind: Decision,
    text: &str,
    text_hash: &Hash,
    accession: &[u8; 64],
) -> Result<Charter, &'static str> {
    let amended = charter.followed_by(text).map_err(|_| "the text is not a charter that can be applied")?;
    if amended.text_hash() != *text_hash {
        return Err("the text does not have the hash that was proposed");
    }
    let before = charter.as_written();
    let same_for_good = amended.unit_of_account == before.unit_of_account
        && (&amended.basket, amended.settlement_asset) == (&before.basket, before.settlement_asset)
        && amended.asset_per_unit == before.asset_per_unit
        && amended.calendar.utc_offset_minutes == before.calendar.utc_offset_minutes
        && amended.first_day == before.first_day
        && amended.epoch_blocks == before.epoch_blocks
        && amended.protocol == before.protocol;
    if !same_for_good {
        return Err(
            "the unit of account and its worth, the settlement asset, utc_offset_minutes, first_day, epoch_blocks and protocol stay",
        );
    }
    let newcomers =
        amended.members.get(before.members.len()..).ok_or("a member is missing; who goes is not struck out")?;
    let same_members = before
        .members
        .iter()
        .zip(&amended.members)
        .all(|(before, after)| (&before.code, before.currency) == (&after.code, after.currency));
    if !same_members {
        return Err("members keep their place, their code and their currency");
    }
    if before.has_nodes() != amended.has_nodes() {
        return Err("a union that was founded with nodes keeps them, and one without stays without");
    }
    match (kind, newcomers) {
        (Decision::Amend, []) if amended.text_hash() == before.text_hash() => {
            Err("the text is the one that is in force")
        }
        (Decision::Amend, []) => Ok(amended),
        (Decision::Amend, _) => Err("a member more is for 'admit', in a proposal of its own"),
        (_, [newcomer]) => {
            if !amended.is_same_but_for_newcomers(&before) {
                return Err("'admit' adds a member and changes nothing else");
            }
            if !is_signed(&newcomer.signing_key, &accession_message(&charter.hash(), text_hash), accession) {
                return Err("the member to be admitted has not signed this text");
            }
            Ok(amended)
        }
        _ => Err("'admit' adds one member"),
    }
}
