//! Input that is read in bounded pieces, with its lines counted.

use std::io::{self, BufRead, Read};

/// Passes input on, counts the lines that went by, and fails when one piece of markup or text does not end in time: a
/// parser reads a piece as a whole, so this is what bounds its memory.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    inner: R,
    /// Line feeds that were consumed.
    line_feeds: u64,
    /// Bytes since the last piece began.
    piece: usize,
    piece_max: usize,
}

impl<R: BufRead> Bounded<R> {
    pub fn new(inner: R, piece_max: usize) -> Self {
        Bounded { inner, line_feeds: 0, piece: 0, piece_max }
    }

    /// The line that reading has come to, from 1.
    pub fn line(&self) -> u64 {
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

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > self.piece_max {
            return Err(self.too_long());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is buffered is handed out again, without reading.
        if let Ok(buffer) = self.inner.fill_buf() {
            let consumed = &buffer[..amount.min(buffer.len())];
            self.line_feeds += memchr::memchr_iter(b'\n', consumed).count() as u64;
        }
        self.piece = self.piece.saturating_add(amount);
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(into.len());
        into[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}
