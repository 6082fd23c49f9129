//! Panics of code that is not ours.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of a panic. Drops its payload, which may panic itself.
pub(crate) fn message(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    discard(panic);
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// Drops a value whose destructor may panic; returns the message of that panic.
pub(crate) fn drop_safely<T>(value: T) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(value))).err()?;
    Some(message(panic))
}

fn discard(panic: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        // Dropping this one could panic again, and so on.
        std::mem::forget(another);
    }
}
