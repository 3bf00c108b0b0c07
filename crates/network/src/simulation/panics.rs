//! Panics of a simulated node's parts: the runtime catches them, so that only the node ends.

use std::cell::RefCell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Of the simulation that this thread runs, if it does.
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Notes the panics of this thread instead of printing them, while it lives.
pub(crate) struct Panics(());

impl Panics {
    pub fn watch() -> Panics {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |panic| {
                let is_noted =
                    SEEN.with_borrow_mut(|seen| seen.as_mut().map(|seen| seen.push(panic.to_string())).is_some());
                if !is_noted {
                    before(panic);
                }
            }));
        });
        SEEN.set(Some(Vec::new()));
        Panics(())
    }

    pub fn taken(self) -> Vec<String> {
        SEEN.with_borrow_mut(|seen| seen.as_mut().map(std::mem::take)).unwrap_or_default()
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        SEEN.set(None);
    }
}
