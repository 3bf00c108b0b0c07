//! The scenario file: TOML, read strictly.
//!
//! First the shape (no key missing, unknown or of another type), then the sense. Both name the line.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use money::Currency;
use serde::Deserialize;
use toml::Spanned;

use super::{Holiday, Member, PaymentAssumptions, Scenario, Source, TradeFigure};
use crate::split::PAYMENTS_MAX;

/// What is wrong with a scenario file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scenario file, line {line}: {problem}")]
pub struct ScenarioError {
    /// Line of the value that is wrong, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: ScenarioProblem,
}

/// What can be wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioProblem {
    /// Larger than any scenario needs to be.
    #[error("the file has {bytes} bytes; at most {FILE_MAX} are read")]
    TooLarge {
        /// Size of the file.
        bytes: usize,
    },
    /// Not TOML, or a key missing, unknown or of another type.
    #[error("{0}")]
    Shape(String),
    /// An empty or overlong text.
    #[error("{key} must be 1 to {TEXT_MAX} characters of text")]
    Text {
        /// The key.
        key: &'static str,
    },
    /// A number outside its range.
    #[error("{key} is {value}; it must be from {least} to {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// The number given.
        value: i64,
        /// Least allowed.
        least: i64,
        /// Most allowed.
        most: i64,
    },
    /// A cycle that does not divide the year.
    #[error("cycle_months is {0}; it must be 1, 2, 3, 4, 6 or 12, so that cycles fill the year")]
    CycleMonths(i64),
    /// Too few or too many members.
    #[error("{0} members; a scenario has 2 to {max}", max = Scenario::MEMBERS_MAX)]
    MemberCount(usize),
    /// Not a country code.
    #[error("{0:?} is not a country code: three capital letters, as in ISO 3166-1 alpha-3")]
    MemberCode(String),
    /// A member given twice.
    #[error("member {0} is given twice")]
    MemberTwice(String),
    /// Not a currency.
    #[error("currency {code:?}: {reason}")]
    Currency {
        /// The code given.
        code: String,
        /// Why it is not one.
        reason: String,
    },
    /// Not a date.
    #[error("{0:?} is not a date: write year-month-day, such as 2006-12-25")]
    Date(String),
    /// A holiday of another year.
    #[error("holiday {date} is not in {year}, the year of the scenario")]
    HolidayYear {
        /// The date given.
        date: Date,
        /// The scenario's year.
        year: i16,
    },
    /// A holiday given twice for a member.
    #[error("holiday {0} is given twice for the same member")]
    HolidayTwice(Date),
    /// Not a time of day.
    #[error("{0:?} is not a time of day: write hours:minutes:seconds, such as 09:00:00")]
    Time(String),
    /// Closing before opening.
    #[error("closes must be later than opens")]
    BusinessHours,
    /// Trade with a country that is not a member.
    #[error("{0:?} is not a member of the scenario")]
    UnknownMember(String),
    /// A country that trades with itself.
    #[error("{0} cannot buy from itself")]
    SelfTrade(String),
    /// A pair given twice.
    #[error("the figure for exporter {exporter} and importer {importer} is given twice")]
    FigureTwice {
        /// Who sold.
        exporter: String,
        /// Who bought.
        importer: String,
    },
    /// Not a figure.
    #[error(
        "{0:?} is not a figure in millions of US dollars: write digits, a point and exactly six digits, more than zero and \
         less than 1000000000.000000"
    )]
    Figure(String),
    /// No figure at all.
    #[error("no trade figures: there is nothing to clear")]
    NoTrade,
}

/// Bytes of a scenario file that are read at most: a figure for every pair of the largest scenario fits several times.
const FILE_MAX: usize = 4 << 20;
/// Characters of a text at most, as in an ISO 20022 name.
const TEXT_MAX: usize = 140;
/// Participants of a member at most.
const PARTICIPANTS_MAX: i64 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    year: Spanned<i64>,
    cycle_months: Spanned<i64>,
    trade: Spanned<Vec<TradeEntry>>,
    source: SourceEntry,
    payments: PaymentsEntry,
    members: Spanned<Vec<MemberEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    title: Spanned<String>,
    package: Spanned<String>,
    licence: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentsEntry {
    at_least: Spanned<i64>,
    seed: Spanned<i64>,
    participants_per_member: Spanned<i64>,
    opens: Spanned<String>,
    closes: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberEntry {
    code: Spanned<String>,
    name: Spanned<String>,
    currency: Spanned<String>,
    central_bank: Spanned<String>,
    holidays: Vec<HolidayEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    date: Spanned<String>,
    name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TradeEntry {
    exporter: Spanned<String>,
    importer: Spanned<String>,
    usd_million: Spanned<String>,
}

/// Reads and checks a scenario file.
pub(super) fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    if text.len() > FILE_MAX {
        return Err(ScenarioError { line: 1, problem: ScenarioProblem::TooLarge { bytes: text.len() } });
    }
    let file: File = toml::from_str(text).map_err(|error| ScenarioError {
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        problem: ScenarioProblem::Shape(error.message().to_owned()),
    })?;
    check(file).map_err(|Misplaced { offset, problem }| ScenarioError { line: line_at(text, offset), problem })
}

/// Line of a byte offset, from 1.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}

/// A problem and the byte where the value begins.
struct Misplaced {
    offset: usize,
    problem: ScenarioProblem,
}

/// `problem`, with `value` for the place.
fn at<T>(value: &Spanned<T>, problem: ScenarioProblem) -> Misplaced {
    Misplaced { offset: value.span().start, problem }
}

fn check(file: File) -> Result<Scenario, Misplaced> {
    let year = i16::try_from(in_range("year", &file.year, 1970, 2100)?).expect("in range");
    let cycle_months = match *file.cycle_months.get_ref() {
        months @ (1 | 2 | 3 | 4 | 6 | 12) => u8::try_from(months).expect("in range"),
        months => return Err(at(&file.cycle_months, ScenarioProblem::CycleMonths(months))),
    };
    let members = members(&file.members, year)?;
    Ok(Scenario {
        name: text("name", file.name)?,
        year,
        cycle_months,
        source: Source {
            title: text("title", file.source.title)?,
            package: text("package", file.source.package)?,
            licence: text("licence", file.source.licence)?,
        },
        payments: assumptions(&file.payments)?,
        trade: trade(&file.trade, &members)?,
        members,
    })
}

fn in_range(key: &'static str, value: &Spanned<i64>, least: i64, most: i64) -> Result<i64, Misplaced> {
    let number = *value.get_ref();
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(at(value, ScenarioProblem::Range { key, value: number, least, most }))
    }
}

fn text(key: &'static str, value: Spanned<String>) -> Result<String, Misplaced> {
    let characters = value.get_ref().chars().count();
    if value.get_ref().trim().is_empty() || characters > TEXT_MAX {
        return Err(at(&value, ScenarioProblem::Text { key }));
    }
    Ok(value.into_inner())
}

fn assumptions(entry: &PaymentsEntry) -> Result<PaymentAssumptions, Misplaced> {
    let at_least = in_range("at_least", &entry.at_least, 1, PAYMENTS_MAX.into())?;
    let seed = in_range("seed", &entry.seed, 0, i64::MAX)?;
    let participants = in_range("participants_per_member", &entry.participants_per_member, 1, PARTICIPANTS_MAX)?;
    let (opens, closes) = (second_of_day(&entry.opens)?, second_of_day(&entry.closes)?);
    if closes <= opens {
        return Err(at(&entry.closes, ScenarioProblem::BusinessHours));
    }
    Ok(PaymentAssumptions {
        at_least: u32::try_from(at_least).expect("in range"),
        seed: seed.unsigned_abs(),
        participants_per_member: u32::try_from(participants).expect("in range"),
        opens,
        closes,
    })
}

fn second_of_day(value: &Spanned<String>) -> Result<u32, Misplaced> {
    let written = value.get_ref();
    // Exactly one way to write it, so that no reader has to guess.
    let time: Time = match written.parse() {
        Ok(time) if written.len() == "09:00:00".len() => time,
        _ => return Err(at(value, ScenarioProblem::Time(written.clone()))),
    };
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| u32::from(part.unsigned_abs()));
    Ok((hour * 60 + minute) * 60 + second)
}

fn members(entries: &Spanned<Vec<MemberEntry>>, year: i16) -> Result<Vec<Member>, Misplaced> {
    let count = entries.get_ref().len();
    if !(2..=Scenario::MEMBERS_MAX).contains(&count) {
        return Err(at(entries, ScenarioProblem::MemberCount(count)));
    }
    let mut members: Vec<Member> = Vec::with_capacity(count);
    for entry in entries.get_ref() {
        let code = entry.code.get_ref();
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(at(&entry.code, ScenarioProblem::MemberCode(code.clone())));
        }
        if members.iter().any(|member| member.code == *code) {
            return Err(at(&entry.code, ScenarioProblem::MemberTwice(code.clone())));
        }
        members.push(Member {
            code: code.clone(),
            name: text("name", entry.name.clone())?,
            currency: currency(&entry.currency)?,
            central_bank: text("central_bank", entry.central_bank.clone())?,
            holidays: holidays(&entry.holidays, year)?,
        });
    }
    Ok(members)
}

fn currency(value: &Spanned<String>) -> Result<Currency, Misplaced> {
    let code = value.get_ref();
    Currency::from_code(code)
        .map_err(|error| at(value, ScenarioProblem::Currency { code: code.clone(), reason: error.to_string() }))
}

fn holidays(entries: &[HolidayEntry], year: i16) -> Result<Vec<Holiday>, Misplaced> {
    let mut holidays: Vec<Holiday> = Vec::with_capacity(entries.len());
    for entry in entries {
        let written = entry.date.get_ref();
        let date: Date = match written.parse() {
            Ok(date) if written.len() == "2006-12-25".len() => date,
            _ => return Err(at(&entry.date, ScenarioProblem::Date(written.clone()))),
        };
        if date.year() != year {
            return Err(at(&entry.date, ScenarioProblem::HolidayYear { date, year }));
        }
        match holidays.binary_search_by_key(&date, |holiday| holiday.date) {
            Ok(_) => return Err(at(&entry.date, ScenarioProblem::HolidayTwice(date))),
            Err(place) => holidays.insert(place, Holiday { date, name: text("name", entry.name.clone())? }),
        }
    }
    Ok(holidays)
}

fn trade(entries: &Spanned<Vec<TradeEntry>>, members: &[Member]) -> Result<Vec<TradeFigure>, Misplaced> {
    if entries.get_ref().is_empty() {
        return Err(at(entries, ScenarioProblem::NoTrade));
    }
    let index = |value: &Spanned<String>| {
        let position = members.iter().position(|member| member.code == *value.get_ref());
        let position = position.ok_or_else(|| at(value, ScenarioProblem::UnknownMember(value.get_ref().clone())))?;
        Ok(u16::try_from(position).expect("members are bounded"))
    };
    let mut seen = BTreeSet::new();
    let mut figures = Vec::with_capacity(entries.get_ref().len());
    for TradeEntry { exporter: sold, importer: bought, usd_million } in entries.get_ref() {
        let (exporter, importer) = (index(sold)?, index(bought)?);
        if exporter == importer {
            return Err(at(bought, ScenarioProblem::SelfTrade(bought.get_ref().clone())));
        }
        if !seen.insert((exporter, importer)) {
            let [exporter, importer] = [sold, bought].map(|code| code.get_ref().clone());
            return Err(at(sold, ScenarioProblem::FigureTwice { exporter, importer }));
        }
        let amount = us_cents(usd_million.get_ref())
            .ok_or_else(|| at(usd_million, ScenarioProblem::Figure(usd_million.get_ref().clone())))?;
        figures.push(TradeFigure { exporter, importer, amount });
    }
    Ok(figures)
}

/// Millions of US dollars with six decimals, which are whole dollars, in cents.
fn us_cents(usd_million: &str) -> Option<u64> {
    let (millions, dollars) = usd_million.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=9).contains(&millions.len()) || dollars.len() != 6 || !digits(millions) || !digits(dollars) {
        return None;
    }
    let whole_dollars = millions.parse::<u64>().ok()? * 1_000_000 + dollars.parse::<u64>().ok()?; // below 10^15
    (whole_dollars > 0).then_some(whole_dollars * 100)
}

#[cfg(test)]
mod tests {
    use super::us_cents;
    use crate::scenario::{LATIN_AMERICA_2006, Scenario};

    /// A small file of which every line is needed; the errors below name its lines.
    const VALID: &str = r#"name = "Two"
year = 2006
cycle_months = 6
trade = [
  { exporter = "AAA", importer = "BBB", usd_million = "1.000001" },
  { exporter = "BBB", importer = "AAA", usd_million = "0.500000" },
]
[source]
title = "t"
package = "p"
licence = "l"
[payments]
at_least = 10
seed = 1
participants_per_member = 3
opens = "09:00:00"
closes = "17:00:00"
[[members]]
code = "AAA"
name = "A"
currency = "USD"
central_bank = "Bank of A"
holidays = [ { date = "2006-05-01", name = "Labour Day" }, { date = "2006-01-02", name = "Rest" } ]
[[members]]
code = "BBB"
name = "B"
currency = "CLP"
central_bank = "Bank of B"
holidays = []
"#;

    #[test]
    fn valid_file() {
        let scenario = Scenario::parse(VALID).expect("valid");
        assert_eq!(scenario.trade.iter().map(|figure| figure.amount).collect::<Vec<_>>(), [100_000_100, 50_000_000]);
        assert_eq!((scenario.payments.opens, scenario.payments.closes), (32_400, 61_200));
        let cycles: Vec<String> =
            scenario.cycles().iter().map(|cycle| format!("{} {} {}", cycle.number, cycle.from, cycle.to)).collect();
        assert_eq!(cycles, ["1 2006-01-01 2006-06-30", "2 2006-07-01 2006-12-31"]);
    }

    #[test]
    fn errors_name_the_line_and_the_value() {
        for (wrong, right, expected) in [
            ("name = \"\"", "name = \"Two\"", "line 1: name must be 1 to 140 characters"),
            ("year = 1969", "year = 2006", "line 2: year is 1969; it must be from 1970 to 2100"),
            ("year = \"2006\"", "year = 2006", "line 2: invalid type: string"),
            ("year = 2007", "year = 2006", "line 23: holiday 2006-05-01 is not in 2007"),
            ("cycle_months = 5", "cycle_months = 6", "line 3: cycle_months is 5; it must be 1, 2, 3, 4, 6 or 12"),
            ("\"AAA\", importer = \"CCC\"", "\"AAA\", importer = \"BBB\"", "line 5: \"CCC\" is not a member"),
            ("\"AAA\", importer = \"AAA\"", "\"AAA\", importer = \"BBB\"", "line 5: AAA cannot buy from itself"),
            (
                "\"AAA\", importer = \"BBB\"",
                "\"BBB\", importer = \"AAA\"",
                "line 6: the figure for exporter AAA and importer BBB",
            ),
            ("\"1.00001\"", "\"1.000001\"", "line 5: \"1.00001\" is not a figure in millions of US dollars"),
            ("1.000001 }", "\"1.000001\" }", "line 5: invalid type: floating point"),
            ("usd = \"1.0\"", "usd_million = \"1.000001\"", "line 5: unknown field `usd`"),
            ("seed = -1", "seed = 1", "line 14: seed is -1; it must be from 0"),
            ("at_least = 0", "at_least = 10", "line 13: at_least is 0; it must be from 1 to"),
            ("opens = \"9:00\"", "opens = \"09:00:00\"", "line 16: \"9:00\" is not a time of day"),
            ("closes = \"09:00:00\"", "closes = \"17:00:00\"", "line 17: closes must be later than opens"),
            ("code = \"aaa\"", "code = \"AAA\"", "line 19: \"aaa\" is not a country code"),
            ("code = \"AAA\"", "code = \"BBB\"", "line 25: member AAA is given twice"),
            ("\"ZZZ\"", "\"CLP\"", "line 27: currency \"ZZZ\":"),
            ("2006-02-30", "2006-01-02", "line 23: \"2006-02-30\" is not a date"),
            ("2006-05-01", "2006-01-02", "line 23: holiday 2006-05-01 is given twice"),
            ("", "licence = \"l\"\n", "line 8: missing field `licence`"),
            ("seed = 1\nseed = 1", "seed = 1", "line 15: duplicate key"),
            ("[[members]", "[[members]]", "line 18: "),
        ] {
            assert!(VALID.contains(right), "{right}");
            let text = VALID.replacen(right, wrong, 1);
            let error = Scenario::parse(&text).expect_err(wrong).to_string();
            assert!(error.starts_with(&format!("scenario file, {expected}")), "{wrong}: {error}");
        }
        let oversized = "#".repeat(super::FILE_MAX + 1);
        let error = Scenario::parse(&oversized).expect_err("oversized").to_string();
        assert!(error.contains("at most 4194304 are read"), "{error}");
    }

    #[test]
    fn members_and_trade_are_needed() {
        let (head, members) = VALID.split_once("[[members]]").expect("members");
        let one_member = format!("{head}[[members]]{}", members.split_once("[[members]]").expect("two").0);
        let error = Scenario::parse(&one_member).expect_err("one member").to_string();
        assert_eq!(error, "scenario file, line 18: 1 members; a scenario has 2 to 100");

        let (before, rest) = VALID.split_once("trade = [").expect("trade");
        let no_trade =
            format!("{before}trade = [{}", rest.split_once("\n]").map(|(_, after)| format!("]{after}")).expect("end"));
        let error = Scenario::parse(&no_trade).expect_err("no trade").to_string();
        assert_eq!(error, "scenario file, line 4: no trade figures: there is nothing to clear");
    }

    #[test]
    fn figures() {
        for (text, cents) in [
            ("391.919071", Some(39_191_907_100)),
            ("0.000001", Some(100)),
            ("999999999.999999", Some(99_999_999_999_999_900)),
            ("1000000000.000000", None),
            ("0.000000", None),
            ("-1.000000", None),
            ("+1.000000", None),
            ("1,5", None),
            ("1", None),
            (".500000", None),
            ("1.0000000", None),
            ("1e3.000000", None),
            ("", None),
        ] {
            assert_eq!(us_cents(text), cents, "{text:?}");
        }
    }

    #[test]
    fn latin_america_2006() {
        let scenario = Scenario::parse(LATIN_AMERICA_2006).expect("valid");
        let codes: Vec<&str> = scenario.members.iter().map(|member| member.code.as_str()).collect();
        assert_eq!(codes, ["ARG", "BOL", "BRA", "CHL", "COL", "ECU", "MEX", "URY"]);
        assert_eq!(scenario.trade.len(), 56);
        assert_eq!(scenario.gross(), 5_099_529_273_500);
        assert_eq!(scenario.cycles().len(), 3);

        let argentina_and_brazil = scenario.joint_business_days(0, 2);
        let open = |month, day| argentina_and_brazil.contains(&jiff::civil::date(2006, month, day));
        assert!(open(1, 2) && open(12, 29));
        assert!(!open(1, 1), "a Sunday");
        assert!(!open(5, 25), "a holiday in Argentina only");
        assert!(!open(11, 15), "a holiday in Brazil only");
        assert!((230..=245).contains(&argentina_and_brazil.len()), "{}", argentina_and_brazil.len());
        assert!(!scenario.is_business_day(0, jiff::civil::date(2007, 1, 2)), "another year");
        assert!(!scenario.is_business_day(8, jiff::civil::date(2006, 1, 2)), "not a member");
    }
}
