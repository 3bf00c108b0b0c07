//! How far long work has come: a bar on standard error, and nothing at all where that is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts to `total` of `what`.
pub fn bar(total: u64, what: &'static str) -> ProgressBar {
    // Hidden by itself where standard error is not a terminal.
    styled(ProgressBar::new(total).with_message(what), "{bar:32} {human_pos}/{human_len} {msg}, {per_sec}, {eta} left")
}

/// A bar that counts to so many bytes.
pub fn bytes(total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), "{bar:32} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left")
}

/// A count of bytes where nobody knows how many there are.
pub fn bytes_read() -> ProgressBar {
    styled(ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}")
}

/// A sign of life while nobody knows how long it takes.
pub fn working(what: &'static str) -> ProgressBar {
    let bar = styled(ProgressBar::new_spinner().with_message(what), "{spinner} {msg}, {elapsed}");
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.with_style(ProgressStyle::with_template(template).expect("the template is well formed"))
}
