//! Input that is read in bounded pieces, with its lines counted.

use std::io::{self, BufRead, Read};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Passes input on, counts the lines that went by, and fails when one piece of markup or text does not end in time: a
/// parser reads a piece as a whole, so this is what bounds its memory.
///
/// It has a buffer of its own, so that line feeds are counted when somebody asks for the line, not at every step of a parser.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    inner: R,
    buffer: Box<[u8]>,
    /// What of the buffer is yet to be read: from here,
    at: usize,
    /// to here.
    filled: usize,
    /// Up to here in the buffer line feeds are counted.
    counted: usize,
    /// Line feeds that were counted.
    line_feeds: u64,
    /// Bytes since the last piece began.
    piece: usize,
    piece_max: usize,
}

impl<R: Read> Bounded<R> {
    pub fn new(inner: R, piece_max: usize) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Bounded { inner, buffer, at: 0, filled: 0, counted: 0, line_feeds: 0, piece: 0, piece_max }
    }

    /// The line that reading has come to, from 1.
    pub fn line(&mut self) -> u64 {
        let passed = &self.buffer[self.counted..self.at];
        self.line_feeds += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.counted = self.at;
        self.line_feeds + 1
    }

    /// A new piece begins.
    pub fn begin_piece(&mut self) {
        self.piece = 0;
    }

    fn too_long(&self) -> io::Error {
        let text = format!("a tag, a text or a comment is longer than {} bytes", self.piece_max);
        io::Error::new(io::ErrorKind::FileTooLarge, text)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > self.piece_max {
            return Err(self.too_long());
        }
        if self.at == self.filled {
            self.line();
            self.filled = self.inner.read(&mut self.buffer)?;
            (self.at, self.counted) = (0, 0);
        }
        Ok(&self.buffer[self.at..self.filled])
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        self.piece = self.piece.saturating_add(amount);
        self.at = self.filled.min(self.at + amount);
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(into.len());
        into[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_passed_whenever_one_asks() {
        let text = "a\nb\n".repeat(BUFFER_BYTES);
        let mut bounded = Bounded::new(text.as_bytes(), usize::MAX);
        let mut read = 0;
        for step in [1, 2, 3, 1_000, BUFFER_BYTES, BUFFER_BYTES].into_iter().cycle() {
            let available = bounded.fill_buf().unwrap().len();
            if available == 0 {
                break;
            }
            bounded.consume(step.min(available));
            read += step.min(available);
            if step > 2 {
                assert_eq!(bounded.line(), read as u64 / 2 + 1);
            }
        }
        assert_eq!((read, bounded.line()), (text.len(), text.len() as u64 / 2 + 1));
    }
}
