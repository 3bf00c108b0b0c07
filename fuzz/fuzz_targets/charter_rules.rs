//! Rules of credit, settlement, charges, default, exit and worth, made of parts that fit more often than bytes do: what is read founds a union
//! whose books hold through days of payments, closes, legs that are paid or not, and claims.
#![no_main]

use arbitrary::Arbitrary;
use comity_fuzz::{MEMBERS, batch, block, snapshot};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;
use union::{Charter, Command, DAY_MS, Payment, Union};

#[derive(Arbitrary, Debug)]
struct Rules {
    credit: Option<(u8, bool, [u16; 3])>,
    lines: Vec<(u8, u8, u16)>,
    /// Ends and shares of slices, on both sides.
    slices: Option<[Vec<(u8, u8)>; 2]>,
    flat: Option<u8>,
    charges: Vec<(u8, u16, u16)>,
    interest: Option<(u16, u16)>,
    default: Option<(u8, u8, u8, bool, u8)>,
    exit: Option<u8>,
    /// Weights of dollars and pesos, and the base rate of the latter.
    basket: Option<(u8, u8, u16)>,
    publisher: Option<u8>,
    asset_per_unit: Option<u16>,
}

#[derive(Arbitrary, Debug)]
enum Act {
    Pay { from: u8, to: u8, amount: u16 },
    Rates { of: u8, rate: u16 },
    Confirm { which: u8 },
    PayClaim { of: u8, amount: u16 },
    Leave { who: u8 },
    Days(u8),
}

const CODES: [&str; 3] = ["ARG", "CHL", "KWT"];

fn code(number: u8) -> &'static str {
    CODES.get(usize::from(number % 4)).copied().unwrap_or("XYZ")
}

fn hundredths(number: u16) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

impl Rules {
    /// The small union's charter with these rules; whether it is one is not in question.
    fn text(&self) -> String {
        let mut top = String::new();
        let mut tables = String::new();
        let mut put = |text: std::fmt::Arguments| tables.write_fmt(text).expect("memory does not fail");
        if let Some((kind, settles, quotas)) = self.credit {
            let kind = ["unlimited", "none", "prefunded", "bilateral", "multilateral"][usize::from(kind % 5)];
            put(format_args!("[credit]\nkind = '{kind}'\n"));
            match kind {
                "prefunded" => put(format_args!("agent = '{}'\n", code(quotas[0] as u8))),
                "bilateral" => put(format_args!("default_line = '{}'\n", hundredths(quotas[0]))),
                "multilateral" if settles => put(format_args!("above_quota = 'settle'\n")),
                _ => {}
            }
            for (debtor, creditor, limit) in self.lines.iter().take(4) {
                let (debtor, creditor) = (code(*debtor), code(*creditor));
                put(format_args!(
                    "[[credit.lines]]\ndebtor = '{debtor}'\ncreditor = '{creditor}'\nlimit = '{}'\n",
                    hundredths(*limit)
                ));
            }
            put(format_args!("[credit.quotas]\n"));
            for (code, quota) in CODES.iter().zip(quotas) {
                put(format_args!("{code} = '{}'\n", hundredths(quota)));
            }
        }
        put(format_args!("[settlement]\n"));
        if let Some(flat) = self.flat {
            put(format_args!("asset_percent = {flat}\n"));
        }
        for (side, slices) in ["debtor", "creditor"].iter().zip(self.slices.iter().flatten()) {
            put(format_args!("{side} = ["));
            let mut from = 0;
            for (to, share) in slices.iter().take(6) {
                put(format_args!("{{from_percent = {from}, to_percent = {to}, asset_percent = {share}}},"));
                from = *to;
            }
            put(format_args!("{{from_percent = {from}, to_percent = 100, asset_percent = 90}}]\n"));
        }
        for (side, above, rate) in self.charges.iter().take(9) {
            let side = ["debtor", "creditor", "both"][usize::from(side % 3)];
            let rate = hundredths(*rate);
            put(format_args!("[[charges]]\nside = '{side}'\nabove_percent = {above}\npercent_a_year = '{rate}'\n"));
        }
        if let Some((debtor, creditor)) = self.interest {
            let (debtor, creditor) = (hundredths(debtor), hundredths(creditor));
            put(format_args!(
                "[interest]\ndebtor_percent_a_year = '{debtor}'\ncreditor_percent_a_year = '{creditor}'\n"
            ));
        }
        if let Some((deadline, instalments, days, reserves, loss)) = self.default {
            let loss = ["quota", "equal", "creditors"][usize::from(loss % 3)];
            put(format_args!(
                "[default]\ndeadline_days = {deadline}\ninstalments = {instalments}\ninstalment_days = {days}\n\
                 reserves_first = {reserves}\nloss = '{loss}'\n"
            ));
        }
        if let Some(cycles) = self.exit {
            put(format_args!("[exit]\ncycles = {cycles}\n"));
        }
        if let Some(publisher) = self.publisher {
            put(format_args!("[rates]\npublisher = '{}'\n", code(publisher)));
        }
        if let Some((dollars, pesos, base)) = self.basket {
            put(format_args!(
                "[basket]\nreference = 'USD'\nvalue = '1.5'\n\
                 currencies = [{{currency = 'USD', weight_percent = '{dollars}', base_rate = '1'}}, \
                 {{currency = 'ARS', weight_percent = '{pesos}', base_rate = '{}'}}]\n",
                hundredths(base)
            ));
        }
        if let Some(rate) = self.asset_per_unit {
            writeln!(top, "asset_per_unit = '{}'", hundredths(rate)).expect("memory does not fail");
        }
        let text = include_str!("../small-union.toml");
        let unit = if self.basket.is_some() { "XDR" } else { "USD" };
        let asset = if self.asset_per_unit.is_some() { "KWD" } else { "USD" };
        let text = text.replace("unit_of_account = \"USD\"", &format!("{top}unit_of_account = '{unit}'"));
        let text = text.replace("settlement_asset = \"USD\"", &format!("settlement_asset = '{asset}'"));
        text.replacen("[[members]]", &format!("{tables}\n[[members]]"), 1)
    }
}

/// Who sends what; time that passes is nobody's.
fn command(union: &Union, act: &Act) -> Option<(u16, Command)> {
    let member = |number: u8| u16::from(number) % MEMBERS;
    let unit = union.charter().unit_of_account.numeric();
    Some(match *act {
        Act::Pay { from, to, amount } => {
            let id = u128::from(union.height()) + 1;
            let payment = Payment::new(id, member(from), member(to), unit, amount.into(), union.today().0);
            (member(from), Command::Pay(payment))
        }
        Act::Rates { of, rate } => {
            let currency = union.charter().members[usize::from(member(of))].currency.numeric();
            let rate = (u64::from(rate), 100);
            let sender = union.charter().publisher.unwrap_or(member(of));
            (sender, Command::PublishRates { currency, from_day: union.today().0, buying: rate, selling: rate })
        }
        Act::Confirm { which } => {
            let mut legs = union.cycles().iter().flat_map(|cycle| union.legs(cycle)).filter(|leg| leg.is_open());
            let leg = legs.nth(usize::from(which % 4))?;
            (leg.creditor, Command::ConfirmLeg { cycle: leg.cycle, leg: leg.number })
        }
        Act::PayClaim { of, amount } => (member(of), Command::PayClaim { amount: amount.into() }),
        Act::Leave { who } => (member(who), Command::GiveNotice),
        Act::Days(_) => return None,
    })
}

fuzz_target!(|input: (Rules, Vec<Act>)| {
    let (rules, acts) = input;
    let Ok(charter) = Charter::parse(&rules.text()) else { return };
    let mut union = Union::new(charter.clone(), 0);
    let mut time_ms = union.time_ms() + 10 * 3_600_000;
    for act in acts.iter().take(200) {
        let mut batches = Vec::new();
        match (act, command(&union, act)) {
            (Act::Days(days), _) => time_ms += u64::from(days % 8) * DAY_MS,
            (_, Some((sender, command))) => {
                batches.extend(batch(&union, sender, union.sequence(sender) + 1, &[command.encode()], &[]));
            }
            _ => {}
        }
        let next = block(&union, time_ms, batches);
        if union.apply(&next).is_err() {
            return; // Who has left sends nothing.
        }
        assert!(union.ledger().sums().values().all(|&sum| sum == 0), "the books sum to zero");
        assert!(union.ledger().is_within_limits());
    }
    let read = Union::from_snapshot(charter, &snapshot(&union), union.state(), 1).expect("its own snapshot");
    assert_eq!(read.state(), union.state());
});
