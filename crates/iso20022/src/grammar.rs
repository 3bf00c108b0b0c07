//! How a message is built: which elements stand where, how often, and what is done with each.
//!
//! A [`Level`] lists the children of an element in their order. The tables of the messages are in `table/`; a test compares
//! them with the official schemas, element by element and version by version.

use crate::check::Check;
use crate::edition::Edition;
use union::Reason;

/// The children of an element.
#[derive(Debug)]
pub struct Level {
    /// Whether only one of them may be there.
    pub is_choice: bool,
    /// The children, in their order.
    pub elements: &'static [Element],
}

/// An element that may stand at a place.
#[derive(Debug)]
pub struct Element {
    /// Its name without prefix.
    pub name: &'static str,
    /// How often it has to be there.
    pub min: u8,
    /// How often it may be there; 0 for as often as one likes.
    pub max: u8,
    /// Editions in which it may be there, a bit for each.
    pub editions: u8,
    /// What it holds, and what is done with it.
    pub content: Content,
}

/// What an element holds, and what is done with it.
#[derive(Debug)]
pub enum Content {
    /// Other elements, which are read.
    Level(&'static Level),
    /// Text, which is checked and read.
    Text(Check),
    /// An amount with its currency, which is checked and read.
    Amount,
    /// Anything: nothing depends on it, and it is not kept.
    Ignored,
    /// Anything: what it asks for cannot be done, so that the transaction is refused for this reason.
    Refused(Reason, &'static str),
}

/// Exactly once.
pub(crate) const ONE: (u8, u8) = (1, 1);
/// Once or not at all.
pub(crate) const OPTIONAL: (u8, u8) = (0, 1);
/// Once or more.
pub(crate) const SOME: (u8, u8) = (1, 0);
/// As often as one likes.
pub(crate) const ANY: (u8, u8) = (0, 0);

const ALL_EDITIONS: u8 = Edition::E2019.bit() | Edition::E2024.bit() | Edition::E2026.bit();

pub(crate) const fn sequence(elements: &'static [Element]) -> Level {
    Level { is_choice: false, elements }
}

pub(crate) const fn choice(elements: &'static [Element]) -> Level {
    Level { is_choice: true, elements }
}

const fn element(name: &'static str, (min, max): (u8, u8), content: Content) -> Element {
    Element { name, min, max, editions: ALL_EDITIONS, content }
}

pub(crate) const fn level(name: &'static str, occurs: (u8, u8), level: &'static Level) -> Element {
    element(name, occurs, Content::Level(level))
}

pub(crate) const fn text(name: &'static str, occurs: (u8, u8), check: Check) -> Element {
    element(name, occurs, Content::Text(check))
}

pub(crate) const fn amount(name: &'static str, occurs: (u8, u8)) -> Element {
    element(name, occurs, Content::Amount)
}

pub(crate) const fn ignored(name: &'static str, occurs: (u8, u8)) -> Element {
    element(name, occurs, Content::Ignored)
}

pub(crate) const fn refused(name: &'static str, occurs: (u8, u8), reason: Reason, why: &'static str) -> Element {
    element(name, occurs, Content::Refused(reason, why))
}

impl Element {
    /// Only from this edition on.
    pub(crate) const fn since(self, edition: Edition) -> Element {
        let editions = self.editions & !(edition.bit() - 1);
        Element { editions, ..self }
    }

    /// Only before this edition.
    pub(crate) const fn before(self, edition: Edition) -> Element {
        let editions = self.editions & (edition.bit() - 1);
        Element { editions, ..self }
    }

    /// Whether it may be there in an edition.
    pub fn is_in(&self, edition: Edition) -> bool {
        self.editions & edition.bit() != 0
    }
}

/// How a kind of message is built.
#[derive(Debug)]
pub struct Message {
    /// Name of the element in `Document`.
    pub root: &'static str,
    /// Its children.
    pub level: &'static Level,
    /// The child that is about the message as a whole.
    pub group: &'static str,
    /// A child that only holds transactions, if the message has one.
    pub container: Option<&'static str>,
    /// The child that is one transaction.
    pub transaction: &'static str,
}

/// How far the children of one element have been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub level: &'static Level,
    /// The element that came last, or the first one.
    at: usize,
    /// How often it came.
    count: u32,
}

/// Why a child may not be where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// No element of this name is here, at least in this edition.
    Unknown,
    /// It is there too often.
    TooOften,
    /// It belongs before another one that came already.
    TooLate(&'static str),
    /// Others should be before it.
    Missing(&'static str),
    /// Only one of several may be there.
    SecondChoice(&'static str),
}

impl Progress {
    pub fn new(level: &'static Level) -> Progress {
        Progress { level, at: 0, count: 0 }
    }

    /// The element that a child is. With [`Misplaced::Missing`] and the like, the element is told too where it is known.
    pub fn child(&mut self, name: &str, edition: Edition) -> (Option<&'static Element>, Option<Misplaced>) {
        let elements = self.level.elements;
        let is_it = |element: &Element| element.name == name && element.is_in(edition);
        let ahead = elements[self.at..].iter().position(is_it).map(|ahead| self.at + ahead);
        let Some(found) = ahead else {
            let behind = elements[..self.at].iter().find(|element| is_it(element));
            let last = elements[self.at].name;
            return match behind {
                Some(element) if self.level.is_choice => (Some(element), Some(Misplaced::SecondChoice(last))),
                Some(element) => (Some(element), Some(Misplaced::TooLate(last))),
                None => (None, Some(Misplaced::Unknown)),
            };
        };
        let element = &elements[found];
        let fault = if self.level.is_choice {
            let first = self.count > 0;
            first.then_some(Misplaced::SecondChoice(elements[self.at].name))
        } else if found == self.at {
            (element.max != 0 && self.count >= u32::from(element.max)).then_some(Misplaced::TooOften)
        } else {
            self.missing(found, edition).map(Misplaced::Missing)
        };
        if found != self.at {
            (self.at, self.count) = (found, 0);
        }
        self.count = self.count.saturating_add(1);
        (Some(element), fault)
    }

    /// The first element before `until` that has to be there and is not.
    fn missing(&self, until: usize, edition: Edition) -> Option<&'static str> {
        let rows = self.level.elements.iter().enumerate().take(until).skip(self.at);
        let mut absent = rows.filter(|(at, element)| {
            let count = if *at == self.at { self.count } else { 0 };
            element.is_in(edition) && count < u32::from(element.min)
        });
        absent.next().map(|(_, element)| element.name)
    }

    /// What is missing when the element ends.
    pub fn end(&self, edition: Edition) -> Option<&'static str> {
        if self.level.is_choice {
            return (self.count == 0).then(|| self.level.elements[0].name);
        }
        self.missing(self.level.elements.len(), edition)
    }
}

impl Misplaced {
    pub fn text(&self) -> String {
        match self {
            Misplaced::Unknown => "there is no such element here in this version of the message".to_owned(),
            Misplaced::TooOften => "is there more often than allowed".to_owned(),
            Misplaced::TooLate(last) => format!("has to come before {last}"),
            Misplaced::Missing(name) => format!("{name} is missing before it"),
            Misplaced::SecondChoice(other) => format!("only one of this and {other} may be there"),
        }
    }
}
