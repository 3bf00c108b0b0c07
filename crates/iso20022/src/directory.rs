//! Who is who: the institutions of a union by BIC, LEI and code.

use crate::check::{is_bic, is_lei};
use std::collections::BTreeMap;
use union::{Charter, Participant, padded_text};

/// A member, or a participant that it sponsors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// The member, by number.
    pub member: u16,
    /// Its participant, 0 for the member itself.
    pub participant: u32,
}

/// What an institution is called in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Institution {
    /// Its BIC.
    pub bic: Option<String>,
    /// Its LEI.
    pub lei: Option<String>,
    /// The member's code, as its identification in the union as a clearing system.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Why a member cannot have an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No member has this code.
    #[error("{0:?} is not the code of a member")]
    Member(String),
    /// Neither a BIC nor an LEI.
    #[error("{0:?} is neither a BIC nor an LEI with check digits that agree")]
    Identifier(String),
    /// Two members would have the same.
    #[error("{0:?} is given to two members")]
    Twice(String),
}

/// The institutions of a union.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Every BIC (without a branch `XXX`), LEI and code, with those who go by it.
    seats: BTreeMap<String, Vec<Seat>>,
    institutions: BTreeMap<Seat, Institution>,
}

impl Directory {
    /// A directory of the members by their codes, with the BICs and LEIs that are known for them.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] for an identifier that no member can have.
    pub fn new<'a>(
        charter: &Charter,
        identifiers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Directory, DirectoryError> {
        let mut directory = Directory::default();
        for (number, member) in (0..).zip(&charter.members) {
            let seat = Seat { member: number, participant: 0 };
            let (code, name) = (Some(member.code.clone()), Some(member.name.clone()));
            directory.institutions.insert(seat, Institution { code, name, ..Institution::default() });
            directory.seats.insert(member.code.clone(), vec![seat]);
        }
        for (code, identifier) in identifiers {
            let member = charter.member(code).ok_or_else(|| DirectoryError::Member(code.to_owned()))?;
            let seat = Seat { member, participant: 0 };
            let institution = directory.institutions.entry(seat).or_default();
            match identifier {
                bic if is_bic(bic) => institution.bic = Some(bic.to_owned()),
                lei if is_lei(lei) => institution.lei = Some(lei.to_owned()),
                other => return Err(DirectoryError::Identifier(other.to_owned())),
            }
            let seats = directory.seats.entry(key(identifier).to_owned()).or_default();
            if seats.iter().any(|other| other.member != member) {
                return Err(DirectoryError::Twice(identifier.to_owned()));
            }
            seats.push(seat);
        }
        Ok(directory)
    }

    /// Takes in a participant; what it was called before is forgotten.
    pub fn add(&mut self, participant: &Participant) {
        let name = padded_text(&participant.name);
        self.add_participant(participant.member, participant.number, padded_text(&participant.identifier), name);
    }

    /// The same for one that is known as text.
    pub fn add_participant(&mut self, member: u16, number: u32, identifier: &str, name: &str) {
        let seat = Seat { member, participant: number };
        if let Some(before) = self.institutions.get(&seat) {
            let identifier = before.bic.as_ref().or(before.lei.as_ref());
            if let Some(seats) = identifier.and_then(|identifier| self.seats.get_mut(key(identifier))) {
                seats.retain(|other| *other != seat);
            }
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let institution = Institution {
            bic: some(identifier).filter(|text| is_bic(text)),
            lei: some(identifier).filter(|text| is_lei(text)),
            code: None,
            name: some(name),
        };
        self.institutions.insert(seat, institution);
        // What is neither BIC nor LEI stands for nobody: it could be another member's code.
        if is_bic(identifier) || is_lei(identifier) {
            self.seats.entry(key(identifier).to_owned()).or_default().push(seat);
        }
    }

    /// Who goes by an identifier.
    pub fn find(&self, identifier: &str) -> &[Seat] {
        self.seats.get(key(identifier)).map_or(&[], Vec::as_slice)
    }

    /// What a seat is called; nothing where it is not known.
    pub fn institution(&self, seat: Seat) -> Option<&Institution> {
        self.institutions.get(&seat)
    }

    /// What a seat is called: BIC, else LEI, else the member's code.
    pub fn name_of(&self, seat: Seat) -> String {
        let institution = self.institutions.get(&seat);
        let known = institution.and_then(|known| known.bic.as_ref().or(known.lei.as_ref()).or(known.code.as_ref()));
        known.cloned().unwrap_or_else(|| format!("participant {} of member {}", seat.participant, seat.member))
    }
}

/// A BIC of 11 characters that ends on `XXX` is that of the head office, as is one of 8.
fn key(identifier: &str) -> &str {
    if identifier.len() == 11 { identifier.strip_suffix("XXX").unwrap_or(identifier) } else { identifier }
}
