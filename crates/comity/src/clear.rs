//! `comity clear`: the largest set-off of a file of obligations, with a certificate that anybody can check.

mod certificate;
mod check;
mod names;
mod notices;
mod obligations;
mod table;
mod terms;
mod unfinished;

use crate::exit::{Failure, Result};
use crate::output::{Align, Output, Table};
use clap::Args;
use clearing::set_off::{Clearing, components};
use obligations::Obligations;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use terms::TermsArguments;

const NOTES: &str = "\
FILE has the columns id,debtor,creditor,amount: CSV with these names in its first line, or Parquet. Amounts are whole numbers
of minor units of one currency, at most 10^18 each. Other columns are passed over.

What is set off leaves the net position of every party as it was, and no set-off that does so clears more. Notices say
for each obligation what is set off and what remains: id,setoff,remaining. The certificate proves it; `--check` needs only
the certificate and FILE. Without --notices, both are named after FILE and written to the current directory.

Exit code 7: --check found that the certificate does not prove what it claims.";

/// Find the largest set-off of obligations, or check one.
///
/// Of what parties owe each other, sets off as much as can be set off without changing the net position of any.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// File of obligations, CSV or Parquet
    file: PathBuf,
    /// Check this certificate against FILE, and write nothing
    #[arg(
        long,
        value_name = "CERTIFICATE",
        conflicts_with_all = ["notices", "certificate", "from", "TermsArguments"]
    )]
    check: Option<PathBuf>,
    /// File for the notices; Parquet if it ends in .parquet [default: ./<FILE's name>.notices.csv]
    #[arg(long, value_name = "FILE")]
    notices: Option<PathBuf>,
    /// File for the certificate [default: beside the notices, ending in .certificate]
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Start from the certificate of an earlier set-off of these obligations, or of some of them: the result is as large, and
    /// found sooner
    #[arg(long, value_name = "CERTIFICATE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    terms: TermsArguments,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    obligations: usize,
    parties: u32,
    /// Groups of two or more parties that owe each other in circles.
    components: u32,
    total: u128,
    cleared: u128,
    remaining: u128,
    /// Finding the set-off.
    seconds: f64,
    /// Before that, laying the obligations out as a network.
    build_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    liquidity: Option<Liquidity>,
    notices: PathBuf,
    certificate: PathBuf,
}

/// What a source of liquidity did.
#[derive(Debug, Serialize)]
struct Liquidity {
    most: u64,
    lent: u128,
    /// How much more would be cleared with one more unit.
    one_more: u128,
}

/// Finds the largest set-off, writes notices and certificate, and prints the sums; or checks a certificate.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    match &arguments.check {
        Some(certificate) => check::run(certificate, &arguments.file, output),
        None => output.show(&arguments.clear()?, Report::text),
    }
}

impl Arguments {
    fn clear(&self) -> Result<Report> {
        let (notices, certificate) = self.outputs()?;
        let ages = self.terms.oldest_first.as_deref();
        let sha256 = obligations::sha256(&self.file)?;
        let mut obligations = Obligations::load(&self.file, ages)?;
        let terms = self.terms.terms(&mut obligations)?;
        let start = self.from.as_ref().map(|path| certificate::start_from(path, &mut obligations)).transpose()?;

        let owed = std::mem::take(&mut obligations.obligations);
        let parties = obligations.parties.len() as u32;
        let components = components(parties, &owed);
        let spinner = crate::progress::working("setting off");
        let started = Instant::now();
        let clearing = match start {
            None => Clearing::new(parties, owed, terms),
            Some(start) => Clearing::resume(parties, owed, terms, start),
        };
        let mut clearing = clearing.map_err(Failure::failed)?;
        let build_seconds = started.elapsed().as_secs_f64();
        let set_off = clearing.solve().map_err(Failure::failed)?;
        let seconds = started.elapsed().as_secs_f64() - build_seconds;
        let one_more = clearing.one_more().map_err(Failure::failed)?;
        spinner.finish_and_clear();

        notices::write(&notices, &obligations, clearing.obligations(), &set_off.amounts)?;
        certificate::write(&certificate, sha256, ages, &obligations, clearing.terms(), &set_off)?;
        let most = clearing.terms().liquidity;
        Ok(Report {
            file: self.file.clone(),
            obligations: set_off.amounts.len(),
            parties,
            components,
            total: set_off.total,
            cleared: set_off.cleared,
            remaining: set_off.remaining(),
            seconds,
            build_seconds,
            liquidity: most.zip(one_more).map(|(most, one_more)| Liquidity { most, lent: set_off.lent(), one_more }),
            notices,
            certificate,
        })
    }

    /// Where notices and certificate go.
    fn outputs(&self) -> Result<(PathBuf, PathBuf)> {
        let named = |path: &Path, ending: &str| path.with_extension(ending).file_name().map(PathBuf::from);
        let no_name = || Failure::usage(format!("{} names no file", self.file.display()));
        let notices = match &self.notices {
            Some(path) => path.clone(),
            None => named(&self.file, "notices.csv").ok_or_else(no_name)?,
        };
        let certificate = match (&self.certificate, &self.notices) {
            (Some(path), _) => path.clone(),
            (None, Some(notices)) => notices.with_extension("certificate"),
            (None, None) => named(&self.file, "certificate").ok_or_else(no_name)?,
        };
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if [&notices, &certificate].into_iter().any(|output| real(output) == real(&self.file)) {
            return Err(Failure::usage(
                "--notices or --certificate would overwrite the file of obligations; name another",
            ));
        }
        if notices == certificate {
            return Err(Failure::usage("--notices and --certificate name the same file; name two"));
        }
        Ok((notices, certificate))
    }
}

impl Report {
    fn text(&self) -> String {
        let mut table = Table::new(&[("", Align::Left), ("", Align::Right), ("", Align::Right)]);
        let mut row = |name: &str, number: String, note: String| table.row([name.to_owned(), number, note]);
        row("obligations", self.obligations.to_string(), String::new());
        row("parties", self.parties.to_string(), String::new());
        row("components", self.components.to_string(), String::new());
        row("total", self.total.to_string(), String::new());
        row("cleared", self.cleared.to_string(), share(self.cleared, self.total));
        row("remaining", self.remaining.to_string(), share(self.remaining, self.total));
        if let Some(liquidity) = &self.liquidity {
            row("lent", liquidity.lent.to_string(), share(liquidity.lent, liquidity.most.into()));
            row("one more", liquidity.one_more.to_string(), String::new());
        }
        row("seconds", format!("{:.3}", self.seconds), String::new());
        let table = table.text("");
        let (notices, certificate) = (self.notices.display(), self.certificate.display());
        format!("{}\nNotices: {notices}\nCertificate: {certificate}\n", table.trim_start_matches('\n'))
    }
}

/// A part of a whole in per cent, rounded to hundredths half up. Empty where there is no whole.
fn share(part: u128, whole: u128) -> String {
    // Sums are below 2^92, as there are at most 2^28 amounts of at most 10^18.
    let Some(hundredths) = (part * 20_000 + whole).checked_div(2 * whole) else { return String::new() };
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(share(190_888_770, 1_083_458_544), "17.62 %");
        assert_eq!(share(1, 20_000), "0.01 %");
        assert_eq!(share(u128::from(u64::MAX) << 28, u128::from(u64::MAX) << 28), "100.00 %");
        assert_eq!(share(0, 0), "");
    }
}
