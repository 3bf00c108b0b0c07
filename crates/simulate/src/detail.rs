//! Customer detail behind a payment: made up, and saying so.

use crate::payment::{Kind, Payment};
use crate::scenario::Scenario;
use crate::splitmix::SplitMix64;

/// Who pays whom for what behind a payment: the part that only the two members concerned may read.
///
/// Texts are ASCII within the limits of ISO 20022: names and remittance 140 characters, accounts 34.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerDetail {
    /// Name of the party that owes.
    pub debtor_name: String,
    /// Its account.
    pub debtor_account: String,
    /// Name of the party that is owed.
    pub creditor_name: String,
    /// Its account.
    pub creditor_account: String,
    /// What it is paid for.
    pub remittance: String,
}

/// Customers of each participant.
const CUSTOMERS: u64 = 200;

const INVENTED: [&str; 6] = ["Imaginary", "Fictional", "Invented", "Make-Believe", "Storybook", "Unreal"];
const TRADES: [&str; 10] = [
    "Autoparts",
    "Chemicals",
    "Electrics",
    "Foods",
    "Furniture",
    "Machinery",
    "Metals",
    "Paper",
    "Plastics",
    "Textiles",
];
const FORMS: [&str; 3] = ["S.A.", "Ltda.", "y Cia."];
const GOODS: [&str; 10] = [
    "ball bearings",
    "bottling plant spares",
    "ceramic tiles",
    "cotton yarn",
    "gearboxes",
    "kraft paper",
    "polyethylene pellets",
    "powdered milk",
    "refrigerators",
    "steel coils",
];

/// Customer detail for a payment of the scenario: the same for the same payment, with customers that come back.
///
/// Every name and remittance line says that it is invented; accounts begin with `FICT` and are no IBANs.
#[must_use]
pub fn customer_detail(scenario: &Scenario, payment: &Payment) -> CustomerDetail {
    let mut stream = SplitMix64::new(scenario.payments.seed.wrapping_add(payment.sequence.into()));
    let (debtor_name, debtor_account) =
        party(scenario, payment.kind, payment.debtor, payment.debtor_participant, stream.below(CUSTOMERS));
    let (creditor_name, creditor_account) =
        party(scenario, payment.kind, payment.creditor, payment.creditor_participant, stream.below(CUSTOMERS));
    let (year, number) = (scenario.year, payment.sequence);
    let remittance = match payment.kind {
        Kind::Customer => {
            let crates = 1 + stream.below(400);
            format!("Fictional invoice {year}-{number:08}: {}, {crates} crates", stream.pick(&GOODS))
        }
        Kind::Interbank => format!("Fictional interbank advice {year}-{number:08}"),
    };
    CustomerDetail { debtor_name, debtor_account, creditor_name, creditor_account, remittance }
}

/// Name and account of one side.
fn party(scenario: &Scenario, kind: Kind, member: u16, participant: u32, customer: u64) -> (String, String) {
    let code = &scenario.members[usize::from(member)].code;
    match kind {
        Kind::Interbank => (format!("Fictional dealing desk {code}"), format!("FICT-{code}-OWN")),
        Kind::Customer => {
            // The name hangs on who it is, not on the payment.
            let identity = (u64::from(member) << 48) | (u64::from(participant) << 16) | customer;
            let mut stream = SplitMix64::new(identity);
            let [invented, trade, form] =
                [stream.pick(&INVENTED[..]), stream.pick(&TRADES[..]), stream.pick(&FORMS[..])];
            (
                format!("{invented} {trade} {participant}-{customer:03} {form} ({code})"),
                format!("FICT-{code}-{participant:06}-{customer:03}"),
            )
        }
    }
}
