//! The certificate as text: what anybody needs, besides the obligations, to check a set-off. `docs/set-off.md` describes
//! it for those who write a checker of their own.
//!
//! A line is fields separated by tabs. Identifiers and names are as in the obligations, and are [text](is_name) without
//! tabs and line breaks, so nothing is quoted. The head ends with the parties; a line for each obligation follows, in
//! their order, so that neither the certificate nor the obligations ever need to be in memory as a whole.

mod parse;

pub use parse::{CertificateError, Parser};

use super::check::{Claim, PricedLimit, PricedMaximum};
use std::fmt;

/// The longest identifier or name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 256;

/// The longest line of a certificate, in bytes without its end.
pub const LINE_BYTES_MAX: usize = 1_024;

/// The first line: what this is, and the version of the form.
const TITLE: &str = "comity-set-off\t1";

/// Whether a text can be an identifier or a name: 1 to [`NAME_BYTES_MAX`] bytes, and no control characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Control characters beyond ASCII begin with the byte C2; only then characters have to be looked at.
    let is_plain = bytes.iter().all(|&byte| byte >= b' ' && byte != 0x7f && byte != 0xc2);
    (1..=NAME_BYTES_MAX).contains(&bytes.len()) && (is_plain || !text.chars().any(char::is_control))
}

/// All of a certificate but the obligations. `N` is how names are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head<N> {
    /// SHA-256 of the file of obligations, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What is owed in all, in minor units.
    pub total: u128,
    /// What is set off in all.
    pub cleared: u128,
    /// What a unit set off counts besides the age of its obligation.
    pub base: i64,
    /// The column of the obligations that holds ages, if they count.
    pub ages: Option<N>,
    /// The most that may be lent in all; zero for nothing.
    pub liquidity: u64,
    /// Identifiers of obligations that must not be touched.
    pub kept: Vec<N>,
    /// Party, maximum, price.
    pub maxima: Vec<(N, u64, i64)>,
    /// Debtor, creditor, limit, price.
    pub limits: Vec<(N, N, u64, i64)>,
    /// Every party with its potential and its loan.
    pub parties: Vec<(N, i64, i128)>,
    /// How many obligations follow.
    pub obligations: u64,
}

impl<N: AsRef<str>> Head<N> {
    /// The claim about parties by index, which is their place in [`parties`](Self::parties); `index` finds it by name.
    ///
    /// # Errors
    ///
    /// The name in a maximum or limit that `index` does not find.
    pub fn claim(&self, index: impl Fn(&str) -> Option<u32>) -> Result<Claim, &str> {
        let find = |name| index(N::as_ref(name)).ok_or_else(|| name.as_ref());
        let maxima = self
            .maxima
            .iter()
            .map(|(party, amount, price)| Ok(PricedMaximum { party: find(party)?, amount: *amount, price: *price }));
        let limits = self.limits.iter().map(|(debtor, creditor, limit, price)| {
            Ok(PricedLimit { debtor: find(debtor)?, creditor: find(creditor)?, limit: *limit, price: *price })
        });
        Ok(Claim {
            base: self.base,
            potentials: self.parties.iter().map(|&(_, potential, _)| potential).collect(),
            loans: self.parties.iter().map(|&(_, _, loan)| loan).collect(),
            liquidity: self.liquidity,
            maxima: maxima.collect::<Result<_, _>>()?,
            limits: limits.collect::<Result<_, _>>()?,
        })
    }
}

/// The head's lines, each with its end. A [row](Row) for each obligation has to follow.
impl<N: AsRef<str>> fmt::Display for Head<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\nsha256\t{}\ntotal\t{}\ncleared\t{}", self.sha256, self.total, self.cleared)?;
        match &self.ages {
            Some(column) => writeln!(f, "weight\t{}\t{}", self.base, column.as_ref())?,
            None => writeln!(f, "weight\t{}", self.base)?,
        }
        writeln!(f, "liquidity\t{}", self.liquidity)?;
        writeln!(f, "kept\t{}", self.kept.len())?;
        for id in &self.kept {
            writeln!(f, "{}", id.as_ref())?;
        }
        writeln!(f, "maxima\t{}", self.maxima.len())?;
        for (party, amount, price) in &self.maxima {
            writeln!(f, "{}\t{amount}\t{price}", party.as_ref())?;
        }
        writeln!(f, "limits\t{}", self.limits.len())?;
        for (debtor, creditor, limit, price) in &self.limits {
            writeln!(f, "{}\t{}\t{limit}\t{price}", debtor.as_ref(), creditor.as_ref())?;
        }
        writeln!(f, "parties\t{}", self.parties.len())?;
        for (party, potential, loan) in &self.parties {
            writeln!(f, "{}\t{potential}\t{loan}", party.as_ref())?;
        }
        writeln!(f, "obligations\t{}", self.obligations)
    }
}

/// An obligation's line: how much is set off of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The obligation's identifier.
    pub id: &'a str,
    /// What is set off of it, in minor units.
    pub set_off: u64,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\t{}", self.id, self.set_off)
    }
}
