//! What one participant has paid another.

use contracts::money::Money;

/// What one participant has paid another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// By transfers.
    pub transferred: Money,
    /// Outside the app, less what was given back outside.
    pub cash: Money,
}

impl Between {
    /// By any means.
    pub fn paid(&self) -> Money {
        Money::from_minor(self.transferred.minor() + self.cash.minor())
    }
}
