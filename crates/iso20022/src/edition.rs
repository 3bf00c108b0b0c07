//! Which messages there are, and in which versions.

use std::fmt;

/// What every namespace of a message begins with.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// A set of versions that were published together. A version is a row of [`VERSIONS`], and what differs in structure is
/// a mark on the elements concerned (`grammar`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// The set of 2019, in force with the users of CBPR+ and HVPS+.
    #[default]
    E2019,
    /// The set of 2024.
    E2024,
    /// What 2026 brought, for the four messages that it changed.
    E2026,
}

impl Edition {
    /// Every edition, the oldest first.
    pub const ALL: [Edition; 3] = [Edition::E2019, Edition::E2024, Edition::E2026];

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The edition of a year: 2019, 2024 or 2026.
    pub fn parse(text: &str) -> Option<Edition> {
        Edition::ALL.into_iter().find(|edition| edition.to_string() == text)
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Edition::E2019 => "2019",
            Edition::E2024 => "2024",
            Edition::E2026 => "2026",
        })
    }
}

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Business application header.
    Head001,
    /// Customer credit transfer.
    Pacs008,
    /// Credit transfer between institutions.
    Pacs009,
    /// Return of a payment.
    Pacs004,
    /// Request to cancel a payment.
    Camt056,
    /// Question for the status of a payment.
    Pacs028,
    /// Liquidity transfer.
    Camt050,
    /// Status of payments.
    Pacs002,
    /// Notification of a booking.
    Camt054,
    /// Statement of a day or a cycle.
    Camt053,
    /// Report within the day.
    Camt052,
    /// Answer to a request to cancel, read and written.
    Camt029,
    /// Receipt of a liquidity transfer.
    Camt025,
    /// A message is rejected.
    Admi002,
    /// A message is received.
    Admi007,
}

/// Kind, first edition that has it, identifier: a message has the latest row that is not after the edition.
pub const VERSIONS: &[(Kind, Edition, &str)] = &[
    (Kind::Head001, Edition::E2019, "head.001.001.02"),
    (Kind::Head001, Edition::E2024, "head.001.001.04"),
    (Kind::Pacs008, Edition::E2019, "pacs.008.001.08"),
    (Kind::Pacs008, Edition::E2024, "pacs.008.001.12"),
    (Kind::Pacs008, Edition::E2026, "pacs.008.001.14"),
    (Kind::Pacs009, Edition::E2019, "pacs.009.001.08"),
    (Kind::Pacs009, Edition::E2024, "pacs.009.001.11"),
    (Kind::Pacs009, Edition::E2026, "pacs.009.001.13"),
    (Kind::Pacs004, Edition::E2019, "pacs.004.001.09"),
    (Kind::Pacs004, Edition::E2024, "pacs.004.001.13"),
    (Kind::Pacs004, Edition::E2026, "pacs.004.001.15"),
    (Kind::Camt056, Edition::E2019, "camt.056.001.08"),
    (Kind::Camt056, Edition::E2024, "camt.056.001.11"),
    (Kind::Pacs028, Edition::E2019, "pacs.028.001.03"),
    (Kind::Pacs028, Edition::E2024, "pacs.028.001.06"),
    (Kind::Camt050, Edition::E2019, "camt.050.001.05"),
    (Kind::Camt050, Edition::E2024, "camt.050.001.07"),
    (Kind::Pacs002, Edition::E2019, "pacs.002.001.10"),
    (Kind::Pacs002, Edition::E2024, "pacs.002.001.14"),
    (Kind::Pacs002, Edition::E2026, "pacs.002.001.16"),
    (Kind::Camt054, Edition::E2019, "camt.054.001.08"),
    (Kind::Camt054, Edition::E2024, "camt.054.001.12"),
    (Kind::Camt053, Edition::E2019, "camt.053.001.08"),
    (Kind::Camt053, Edition::E2024, "camt.053.001.12"),
    (Kind::Camt052, Edition::E2019, "camt.052.001.08"),
    (Kind::Camt052, Edition::E2024, "camt.052.001.12"),
    (Kind::Camt029, Edition::E2019, "camt.029.001.09"),
    (Kind::Camt029, Edition::E2024, "camt.029.001.13"),
    (Kind::Camt025, Edition::E2019, "camt.025.001.05"),
    (Kind::Camt025, Edition::E2024, "camt.025.001.08"),
    (Kind::Admi002, Edition::E2019, "admi.002.001.01"),
    (Kind::Admi007, Edition::E2019, "admi.007.001.01"),
];

/// Read as the version named second: what differs is only that fewer elements are possible.
const ALSO_READ: &[(&str, &str)] = &[("head.001.001.01", "head.001.001.02"), ("head.001.001.03", "head.001.001.04")];

impl Kind {
    /// The identifier of this message in an edition, such as `pacs.009.001.08`.
    pub fn identifier(self, edition: Edition) -> &'static str {
        let mut rows = VERSIONS.iter().rev().filter(|(kind, from, _)| *kind == self && *from <= edition);
        rows.next().expect("every message is in the first edition").2
    }

    /// What the identifier begins with, without the version: `pacs.009`.
    pub fn name(self) -> &'static str {
        &self.identifier(Edition::E2019)[..8]
    }

    /// Whether it is read here; the others are only written.
    pub fn is_inbound(self) -> bool {
        use Kind::*;
        matches!(self, Head001 | Pacs008 | Pacs009 | Pacs004 | Camt056 | Camt029 | Pacs028 | Camt050)
    }
}

/// The message and the edition that an identifier stands for.
pub fn identify(identifier: &str) -> Option<(Kind, Edition)> {
    let also = ALSO_READ.iter().find(|(other, _)| *other == identifier).map(|(_, read_as)| *read_as);
    let wanted = also.unwrap_or(identifier);
    VERSIONS.iter().find(|(_, _, known)| *known == wanted).map(|(kind, edition, _)| (*kind, *edition))
}

/// The identifiers that are read, for error messages.
pub(crate) fn inbound_identifiers() -> String {
    let read = VERSIONS.iter().filter(|(kind, _, _)| kind.is_inbound() && *kind != Kind::Head001);
    read.map(|(_, _, identifier)| *identifier).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_has_one_version_of_each_message() {
        assert_eq!(Kind::Pacs009.identifier(Edition::E2019), "pacs.009.001.08");
        assert_eq!(Kind::Pacs009.identifier(Edition::E2026), "pacs.009.001.13");
        assert_eq!(Kind::Camt056.identifier(Edition::E2026), "camt.056.001.11", "2026 did not change it");
        assert_eq!(Kind::Pacs009.name(), "pacs.009");
        for (kind, edition, identifier) in VERSIONS {
            assert_eq!(identify(identifier), Some((*kind, *edition)));
            assert_eq!(kind.identifier(*edition), *identifier);
        }
        assert_eq!(identify("head.001.001.01"), Some((Kind::Head001, Edition::E2019)));
        assert_eq!(identify("pacs.009.001.07"), None);
    }
}
