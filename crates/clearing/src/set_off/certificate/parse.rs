//! Reading a certificate, a line at a time.

use super::{Head, LINE_BYTES_MAX, NAME_BYTES_MAX, Row, TITLE, is_name};

/// Where a certificate is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CertificateError {
    /// The line, from 1.
    pub line: u64,
    /// What should be there.
    pub problem: String,
}

/// What the next line has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Title,
    Sha256,
    Total,
    Cleared,
    Weight,
    Liquidity,
    Count(List),
    Item(List, u64),
    End,
}

/// The lists of a certificate, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Kept,
    Maxima,
    Limits,
    Parties,
    Obligations,
}

impl List {
    fn name(self) -> &'static str {
        match self {
            List::Kept => "kept",
            List::Maxima => "maxima",
            List::Limits => "limits",
            List::Parties => "parties",
            List::Obligations => "obligations",
        }
    }

    fn next(self) -> Expected {
        match self {
            List::Kept => Expected::Count(List::Maxima),
            List::Maxima => Expected::Count(List::Limits),
            List::Limits => Expected::Count(List::Parties),
            List::Parties => Expected::Count(List::Obligations),
            List::Obligations => Expected::End,
        }
    }
}

/// Takes the lines of a certificate one by one.
#[derive(Clone, Debug)]
pub struct Parser {
    head: Head<Box<str>>,
    expected: Expected,
    line: u64,
}

impl Default for Parser {
    fn default() -> Self {
        Parser { head: Head::default(), expected: Expected::Title, line: 0 }
    }
}

impl Parser {
    /// Expects the first line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, without its end. `Some` for an obligation's line.
    ///
    /// # Errors
    ///
    /// Where this is no line that belongs here.
    pub fn line<'a>(&mut self, line: &'a str) -> Result<Option<Row<'a>>, CertificateError> {
        self.line += 1;
        let number = self.line;
        self.take(line).map_err(|problem| CertificateError { line: number, problem })
    }

    /// Whether all that is left is obligations: the [head](Self::head) is complete.
    #[must_use]
    pub fn is_past_head(&self) -> bool {
        matches!(self.expected, Expected::Item(List::Obligations, _) | Expected::End)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.expected == Expected::End
    }

    /// What was read so far, but for obligations.
    #[must_use]
    pub fn head(&self) -> &Head<Box<str>> {
        &self.head
    }

    /// The certificate has no more lines.
    ///
    /// # Errors
    ///
    /// Where lines are missing.
    pub fn finish(self) -> Result<Head<Box<str>>, CertificateError> {
        match self.expected {
            Expected::End => Ok(self.head),
            expected => {
                let problem = format!("the certificate ends here, but {} should follow", expected.describe());
                Err(CertificateError { line: self.line + 1, problem })
            }
        }
    }

    fn take<'a>(&mut self, line: &'a str) -> Result<Option<Row<'a>>, String> {
        if line.len() > LINE_BYTES_MAX {
            return Err(format!("a line has at most {LINE_BYTES_MAX} bytes; this has {}", line.len()));
        }
        let expected = self.expected;
        let described = || format!("expected {}", expected.describe());
        let head = &mut self.head;
        self.expected = match expected {
            Expected::Title => {
                if line != TITLE {
                    let text = "this is no set-off certificate, or one of another version: the first line should be";
                    return Err(format!("{text} {TITLE:?}"));
                }
                Expected::Sha256
            }
            Expected::Sha256 => {
                let digest = value(line, "sha256").filter(|text| is_digest(text)).ok_or_else(described)?;
                head.sha256 = digest.to_owned();
                Expected::Total
            }
            Expected::Total => {
                head.total = value(line, "total").and_then(number).ok_or_else(described)?;
                Expected::Cleared
            }
            Expected::Cleared => {
                head.cleared = value(line, "cleared").and_then(number).ok_or_else(described)?;
                Expected::Weight
            }
            Expected::Weight => {
                let weight = value(line, "weight").ok_or_else(described)?;
                let (base, column) = weight.split_once('\t').map_or((weight, None), |(base, at)| (base, Some(at)));
                head.base = number(base).ok_or_else(described)?;
                head.ages = column.map(|column| name(column).ok_or_else(described)).transpose()?;
                Expected::Liquidity
            }
            Expected::Liquidity => {
                head.liquidity = value(line, "liquidity").and_then(number).ok_or_else(described)?;
                Expected::Count(List::Kept)
            }
            Expected::Count(list) => {
                let count = value(line, list.name()).and_then(number).ok_or_else(described)?;
                if list == List::Obligations {
                    head.obligations = count;
                }
                after(list, count)
            }
            Expected::Item(List::Obligations, left) => {
                let (id, set_off) = line.split_once('\t').ok_or_else(described)?;
                let set_off = number(set_off).ok_or_else(described)?;
                if !is_name(id) {
                    return Err(described());
                }
                self.expected = after(List::Obligations, left - 1);
                return Ok(Some(Row { id, set_off }));
            }
            Expected::Item(list, left) => {
                item(head, list, line).ok_or_else(described)?;
                after(list, left - 1)
            }
            Expected::End => return Err("the certificate should have ended before this line".to_owned()),
        };
        Ok(None)
    }
}

impl Expected {
    /// In words.
    fn describe(self) -> String {
        let line = |text: &str| format!("the line \"{}\"", text.replace(' ', "\\t"));
        match self {
            Expected::Title => format!("the line {TITLE:?}"),
            Expected::Sha256 => line("sha256 DIGEST") + ", a digest being 64 lower-case hexadecimal digits",
            Expected::Total => line("total AMOUNT"),
            Expected::Cleared => line("cleared AMOUNT"),
            Expected::Weight => format!("{} or {}", line("weight BASE"), line("weight BASE COLUMN")),
            Expected::Liquidity => line("liquidity AMOUNT"),
            Expected::Count(list) => line(&format!("{} COUNT", list.name())),
            Expected::Item(list, left) => {
                let form = match list {
                    List::Kept => "ID",
                    List::Maxima => "PARTY MAXIMUM PRICE",
                    List::Limits => "DEBTOR CREDITOR LIMIT PRICE",
                    List::Parties => "PARTY POTENTIAL LOAN",
                    List::Obligations => "ID SET-OFF",
                };
                let text = "with whole numbers in decimal digits and names of 1 to";
                let more = if left == 1 { String::new() } else { format!(" and {} more of {}", left - 1, list.name()) };
                format!("{}{more}, {text} {NAME_BYTES_MAX} bytes", line(form))
            }
            Expected::End => "nothing".to_owned(),
        }
    }
}

/// What follows when so many lines of a list are left.
fn after(list: List, left: u64) -> Expected {
    if left == 0 { list.next() } else { Expected::Item(list, left) }
}

fn item(head: &mut Head<Box<str>>, list: List, line: &str) -> Option<()> {
    let mut fields = line.split('\t');
    let mut field = || fields.next();
    match list {
        List::Kept => head.kept.push(name(field()?)?),
        List::Maxima => head.maxima.push((name(field()?)?, number(field()?)?, number(field()?)?)),
        List::Limits => head.limits.push((name(field()?)?, name(field()?)?, number(field()?)?, number(field()?)?)),
        List::Parties => head.parties.push((name(field()?)?, number(field()?)?, number(field()?)?)),
        List::Obligations => return None,
    }
    fields.next().is_none().then_some(())
}

/// What follows a keyword and a tab.
fn value<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    line.strip_prefix(keyword)?.strip_prefix('\t')
}

/// A whole number as it is written by `Display`: in only one way, so without a sign of plus or zeros in front.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical = text == "0" || digits.as_bytes().first().is_some_and(|first| (b'1'..=b'9').contains(first));
    if is_canonical { text.parse().ok() } else { None }
}

fn name(text: &str) -> Option<Box<str>> {
    is_name(text).then(|| text.into())
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
