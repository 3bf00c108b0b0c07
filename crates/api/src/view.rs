//! What the union holds, as JSON: for the HTTP API and for the command line's `--output json`.
//!
//! Members are named by code, orders by UUID, times are RFC 3339 in UTC, days `YYYY-MM-DD` on the union's clock. An
//! amount is text in major units with the same in minor units beside it, both strings, as a JSON number is not exact
//! beyond 2^53.

mod account;
mod basket;
mod block;
mod charter;
mod cycle;
mod event;
mod finality;
mod member;
mod message;
mod order;
mod outcome;
mod outlook;
mod position;
mod proposal;
mod queue_run;
mod simulation;
mod statement;

pub use account::AccountView;
pub(crate) use account::payment_currencies;
pub use basket::{BasketCurrencyView, BasketView};
pub use block::{BatchView, BlockView};
pub use charter::CharterView;
pub use cycle::{CycleFlowsView, CycleView, FlowView, LegView};
pub use event::{EventView, TransferView};
pub use finality::{FinalityView, ProvedView};
pub use member::{KeyToComeView, LimitsView, MemberSummary, MemberView, ParticipantView, RatesView, UnionView};
pub use message::{MessageView, OrderMessagesView};
pub use order::{OrderView, PlaceView, RequestView};
pub use outcome::{OutcomeView, ReceiptView};
pub(crate) use outcome::{order_of, proposal_of};
pub use outlook::OutlookView;
pub use position::{BilateralView, DayFlowView, PositionView, SettledView, UnionAccountsView};
pub use proposal::ProposalView;
pub use queue_run::{ForecastCurrencyView, QueueForecastView, QueueRunView, TriedView};
pub use simulation::{
    ExposureView, QueueDelayView, SimulatedCycleView, SimulatedMemberView, SimulationView, SpreadView, SpreadsView,
};
pub use statement::{AccountStatementView, EntryView, StatementView};

use ledger::{AccountKey, Book, NO_CAP};
use money::{Currency, format_amount};
use serde::{Deserialize, Serialize};
use union::{Charter, Day};
use utoipa::ToSchema;

/// An amount of a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AmountView {
    /// Major units, with all the currency's decimals: `"12.34"`; negative for what is owed.
    pub amount: String,
    /// The same in minor units: `"1234"`.
    pub minor: String,
    /// ISO 4217 code.
    pub currency: String,
}

impl AmountView {
    /// An amount in minor units of a currency.
    pub fn new(minor: i128, currency: Currency) -> Self {
        AmountView {
            amount: format_amount(minor, currency.minor_digits()),
            minor: minor.to_string(),
            currency: currency.code().to_owned(),
        }
    }

    /// An amount in minor units of a currency by number; an unlisted number, which no taken order has, is shown as such.
    pub fn of_number(minor: i128, numeric: u16) -> Self {
        Currency::from_numeric(numeric).map_or_else(
            |_| AmountView { amount: minor.to_string(), minor: minor.to_string(), currency: format!("{numeric:03}") },
            |currency| AmountView::new(minor, currency),
        )
    }

    /// An amount of a book: a currency, or the unit of account.
    pub(crate) fn of_book(minor: i128, book: Book, charter: &Charter) -> Self {
        if book == Book::UNIT_OF_ACCOUNT {
            AmountView::new(minor, charter.unit_of_account)
        } else {
            AmountView::of_number(minor, book.0)
        }
    }

    /// A cap or limit; `None` where there is none.
    pub(crate) fn of_cap(cap: u64, currency: Currency) -> Option<Self> {
        (cap != NO_CAP).then(|| AmountView::new(cap.into(), currency))
    }
}

/// An amount that fits, as 128 signed bits. The ledger bounds every side of an account far below.
pub(crate) fn signed(amount: u128) -> i128 {
    i128::try_from(amount).unwrap_or(i128::MAX)
}

/// The code of a member by number; a number that no member has, which no taken order names, is shown as such.
pub fn code(charter: &Charter, member: u16) -> String {
    match charter.members.get(usize::from(member)) {
        Some(member) => member.code.clone(),
        None if member == AccountKey::UNION => "UNION".to_owned(),
        None => format!("#{member}"),
    }
}

/// A day by number as `YYYY-MM-DD`.
pub(crate) fn day_text(day: u32) -> String {
    Day(day.min(Day::LAST.0)).to_string()
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
