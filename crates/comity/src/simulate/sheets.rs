//! Outcomes of simulations as Parquet files, for analysts.

use crate::exit::{Failure, Result};
use crate::export::{Cell, Sheet};
use crate::new_directory::ensure_room;
use simulate::simulation::outcome::Outcome;
use std::path::Path;

const CYCLES: &str = "
    required binary charter (UTF8);
    required int64 cycle;
    required int32 first_day (DATE);
    required int32 last_day (DATE);
    required int64 settled_orders;
    required fixed_len_byte_array(16) gross (DECIMAL(38,0));
    required fixed_len_byte_array(16) bilateral_net (DECIMAL(38,0));
    required fixed_len_byte_array(16) multilateral_net (DECIMAL(38,0));
    required fixed_len_byte_array(16) called_in_asset (DECIMAL(38,0));
    required fixed_len_byte_array(16) left_as_credit (DECIMAL(38,0));
    required binary currency (UTF8);
    required int64 decimals;";

const POSITIONS: &str = "
    required binary charter (UTF8);
    required int64 cycle;
    required binary member (UTF8);
    required fixed_len_byte_array(16) cumulative_position (DECIMAL(38,0));
    required fixed_len_byte_array(16) open_balance (DECIMAL(38,0));";

const MEMBERS: &str = "
    required binary charter (UTF8);
    required binary member (UTF8);
    required binary standing (UTF8);
    required fixed_len_byte_array(16) position (DECIMAL(38,0));
    required fixed_len_byte_array(16) cumulative_position (DECIMAL(38,0));
    required fixed_len_byte_array(16) quota (DECIMAL(38,0));
    required fixed_len_byte_array(16) largest_debit (DECIMAL(38,0));
    required fixed_len_byte_array(16) largest_credit (DECIMAL(38,0));
    required fixed_len_byte_array(16) asset_paid (DECIMAL(38,0));
    required fixed_len_byte_array(16) asset_received (DECIMAL(38,0));
    required fixed_len_byte_array(16) charges (DECIMAL(38,0));
    required fixed_len_byte_array(16) interest_paid (DECIMAL(38,0));
    required fixed_len_byte_array(16) interest_received (DECIMAL(38,0));
    required fixed_len_byte_array(16) losses (DECIMAL(38,0));
    required fixed_len_byte_array(16) defaulted (DECIMAL(38,0));";

/// Writes `cycles.parquet`, `positions.parquet` and `members.parquet`.
pub fn write(directory: &Path, outcomes: &[Outcome]) -> Result<()> {
    ensure_room(directory)?;
    std::fs::create_dir_all(directory).map_err(Failure::io("create", directory))?;
    write_rows(directory, outcomes).map_err(|error| Failure::failed(format!("{}: {error}", directory.display())))
}

fn write_rows(directory: &Path, outcomes: &[Outcome]) -> parquet::errors::Result<()> {
    let mut cycles = Sheet::create(directory, "cycles", CYCLES)?;
    let mut positions = Sheet::create(directory, "positions", POSITIONS)?;
    let mut members = Sheet::create(directory, "members", MEMBERS)?;
    let amount = |amount: u128| Cell::Amount(amount.cast_signed());
    for outcome in outcomes {
        let charter = || Cell::Text(outcome.charter.clone());
        for cycle in &outcome.cycles {
            cycles.row([
                charter(),
                Cell::Number(cycle.number.into()),
                Cell::Day(cycle.first_day.0),
                Cell::Day(cycle.last_day.0),
                Cell::Number(cycle.settled_orders),
                amount(cycle.gross),
                amount(cycle.bilateral_net),
                amount(cycle.multilateral_net),
                amount(cycle.called_in_asset),
                amount(cycle.left_as_credit),
                Cell::Text(outcome.unit_of_account.to_string()),
                Cell::Number(outcome.unit_of_account.minor_digits().into()),
            ])?;
            for (at, member) in outcome.members.iter().enumerate() {
                positions.row([
                    charter(),
                    Cell::Number(cycle.number.into()),
                    Cell::Text(member.code.clone()),
                    Cell::Amount(cycle.positions[at]),
                    Cell::Amount(cycle.open_balances[at]),
                ])?;
            }
        }
        for member in &outcome.members {
            members.row([
                charter(),
                Cell::Text(member.code.clone()),
                Cell::Text(member.standing.to_owned()),
                Cell::Amount(member.position),
                Cell::Amount(member.cumulative_position),
                amount(member.quota.into()),
                amount(member.largest_debit),
                amount(member.largest_credit),
                amount(member.asset_paid),
                amount(member.asset_received),
                amount(member.charges),
                amount(member.interest_paid),
                amount(member.interest_received),
                amount(member.losses),
                amount(member.defaulted),
            ])?;
        }
    }
    cycles.finish()?;
    positions.finish()?;
    members.finish()?;
    Ok(())
}
