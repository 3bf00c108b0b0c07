//! Many short texts, numbered in the order in which they came, in little memory.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Texts by number, and numbers by text.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// All texts, one after another.
    text: String,
    /// By number: where the text ends.
    ends: Vec<u32>,
    /// Numbers by the hash of their texts. Its order is never looked at.
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// There is no room for another text: 2^32 of them, or 4 GiB in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are too many names, or they are too long: 4 GiB of them can be kept")]
pub struct Full;

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A text by its number, which [`intern`](Self::intern) or [`push`](Self::push) gave.
    pub fn text(&self, number: u32) -> &str {
        text_at(&self.text, &self.ends, number)
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|number| self.text(number as u32))
    }

    /// The number of a text that was [interned](Self::intern) or [indexed](Self::index).
    pub fn number(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        self.numbers.find(hash, |&number| self.text(number) == text).copied()
    }

    /// The number of a text, a new one where it was not there before.
    pub fn intern(&mut self, text: &str) -> Result<u32, Full> {
        let hash = self.hasher.hash_one(text);
        let (texts, ends) = (&self.text, &self.ends);
        if let Some(&number) = self.numbers.find(hash, |&number| text_at(texts, ends, number) == text) {
            return Ok(number);
        }
        let number = self.push(text)?;
        let Names { text, ends, numbers, hasher } = self;
        numbers.insert_unique(hash, number, |&number| hasher.hash_one(text_at(text, ends, number)));
        Ok(number)
    }

    /// Adds a text without making it known to [`number`](Self::number).
    pub fn push(&mut self, text: &str) -> Result<u32, Full> {
        let number = u32::try_from(self.ends.len()).map_err(|_| Full)?;
        let end = u32::try_from(self.text.len() + text.len()).map_err(|_| Full)?;
        self.text.push_str(text);
        self.ends.push(end);
        Ok(number)
    }

    /// Makes all texts known to [`number`](Self::number). Fails with the numbers of two that are equal.
    pub fn index(&mut self) -> Result<(), (u32, u32)> {
        let Names { text, ends, numbers, hasher } = self;
        numbers.clear();
        let hash = |number: u32| hasher.hash_one(text_at(text, ends, number));
        numbers.reserve(ends.len(), |&number| hash(number));
        for number in 0..ends.len() as u32 {
            let (own_hash, own) = (hash(number), text_at(text, ends, number));
            if let Some(&other) = numbers.find(own_hash, |&other| text_at(text, ends, other) == own) {
                return Err((other, number));
            }
            numbers.insert_unique(own_hash, number, |&number| hash(number));
        }
        Ok(())
    }

    /// Gives back the memory that only [`number`](Self::number) needs.
    pub fn forget_index(&mut self) {
        self.numbers = HashTable::new();
    }
}

fn text_at<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let at = number as usize;
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start as usize..ends[at] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts() {
        let mut names = Names::default();
        let numbers: Vec<u32> =
            ["a", "bc", "a", "", "bc", "abc"].iter().map(|text| names.intern(text).unwrap()).collect();
        assert_eq!(numbers, [0, 1, 0, 2, 1, 3]);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "bc", "", "abc"]);
        assert_eq!((names.number("abc"), names.number("b")), (Some(3), None));
    }

    #[test]
    fn equal_texts_are_found_when_indexed() {
        let mut names = Names::default();
        for text in ["x", "y", "z"] {
            names.push(text).unwrap();
        }
        assert_eq!(names.number("y"), None);
        assert_eq!(names.index(), Ok(()));
        assert_eq!(names.number("y"), Some(1));
        names.forget_index();
        names.push("y").unwrap();
        assert_eq!(names.index(), Err((1, 3)));
    }
}
