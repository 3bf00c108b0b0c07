//! The outcome as one page with charts, which asks for nothing from elsewhere.

use super::chart::{Bar, COLOURS, Line, bars, escaped, lines};
use super::outcome::{Outcome, percent};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}\
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid #d0d7de;padding-top:1rem}h3{font-size:1rem}\
svg{width:100%;height:auto}svg text{font-size:12px;fill:#1b1f24}svg .label{text-anchor:end}.axis{stroke:#57606a}\
.line{fill:none;stroke-width:2}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}\
td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #eaeef2}td:first-child,th:first-child{text-align:left}";

/// Told apart by most people with colour-blindness, as far as twelve can be.
const PALETTE: [&str; COLOURS] = [
    "#2b6cb0", "#c05621", "#2f855a", "#b83280", "#6b46c1", "#b7791f", "#0987a0", "#9b2c2c", "#4a5568", "#68a04d",
    "#d53f8c", "#975a16",
];

/// A page about one outcome or several by different rules.
#[must_use]
pub fn page(outcomes: &[Outcome]) -> String {
    let mut style = STYLE.to_owned();
    for (number, colour) in PALETTE.iter().enumerate() {
        let _ = write!(style, ".c{number}{{fill:{colour}}}.l{number}{{stroke:{colour}}}");
    }
    let names: Vec<_> = outcomes.iter().map(|outcome| escaped(&outcome.charter)).collect();
    let title = format!("Simulation: {}", names.join(", "));
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{style}</style></head><body><h1>{title}</h1>\n"
    );
    if outcomes.len() > 1 {
        html += "<h2>Side by side</h2>";
        for (what, amount) in [
            ("Paid in the settlement asset", (|outcome| outcome.totals.settled_in_asset) as fn(&Outcome) -> u128),
            ("Owed to the union at the end", |outcome| outcome.totals.credit_extended),
            ("Orders that did not settle", |outcome| outcome.queue_delay.never_settled_value),
        ] {
            let bar = |outcome: &Outcome| bar(outcome, &outcome.charter, amount(outcome));
            let _ = write!(html, "<h3>{what}</h3>{}", bars(what, &outcomes.iter().map(bar).collect::<Vec<_>>()));
        }
    }
    for outcome in outcomes {
        html += &section(outcome);
    }
    html + "</body></html>\n"
}

fn bar(outcome: &Outcome, label: &str, amount: u128) -> Bar {
    Bar { label: label.to_owned(), value: amount.cast_signed(), text: millions(outcome, amount.cast_signed()) }
}

/// In millions, parts of a million dropped: for reading.
fn millions(outcome: &Outcome, amount: i128) -> String {
    let million = 10_i128.pow(u32::from(outcome.unit_of_account.minor_digits()) + 6);
    format!("{} m", amount / million)
}

fn section(outcome: &Outcome) -> String {
    let years: Vec<_> = outcome.years.iter().map(ToString::to_string).collect();
    let mut html = format!(
        "<h2>{}</h2><p>{}: {} orders of {} members, {} settled. Amounts in million {}.</p>",
        escaped(&outcome.charter),
        years.join(", "),
        outcome.orders,
        outcome.members.len(),
        outcome.settled_orders,
        outcome.unit_of_account,
    );
    for shock in &outcome.shocks {
        let _ = write!(html, "<p>Shock: {}.</p>", escaped(shock));
    }
    let totals: Vec<_> =
        outcome.named_totals().iter().map(|&(name, amount)| bar(outcome, &name.replace('_', " "), amount)).collect();
    let _ = write!(html, "<h3>Before and after netting</h3>{}", bars("Before and after netting", &totals));
    html += "<h3>Cumulative positions at the close of each cycle</h3>";
    let line = |(number, member): (usize, &super::outcome::MemberOutcome)| Line {
        label: member.code.clone(),
        values: std::iter::once(0).chain(outcome.cycles.iter().map(|cycle| cycle.positions[number])).collect(),
    };
    let all: Vec<_> = outcome.members.iter().enumerate().map(line).collect();
    let ends = |pick: fn(i128, i128) -> i128| all.iter().flat_map(|line| &line.values).copied().fold(0, pick);
    let (lowest, highest) = (ends(i128::min), ends(i128::max));
    html += &lines("Cumulative positions", &all, &millions(outcome, lowest), &millions(outcome, highest));
    let used = outcome.members.iter().filter_map(|member| {
        let quota_use = member.quota_use?;
        Some(Bar { label: member.code.clone(), value: quota_use.into(), text: percent(quota_use) + " %" })
    });
    let used: Vec<_> = used.collect();
    if !used.is_empty() {
        let _ = write!(html, "<h3>Quota use: the most that a member owed</h3>{}", bars("Quota use", &used));
    }
    html += "<h3>Members</h3><table><tr><th>member</th><th>position</th><th>paid</th><th>received</th><th>charges</th><th>interest</th><th>losses</th><th>standing</th></tr>";
    for member in &outcome.members {
        let cell = |amount: i128| millions(outcome, amount);
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&member.code),
            cell(member.position),
            cell(member.asset_paid.cast_signed()),
            cell(member.asset_received.cast_signed()),
            outcome.major(member.charges.cast_signed()),
            outcome.major(member.interest_paid.cast_signed() - member.interest_received.cast_signed()),
            cell(member.losses.cast_signed()),
            member.standing,
        );
    }
    html + "</table>\n"
}
