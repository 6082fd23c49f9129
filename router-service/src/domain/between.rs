//! What one participant has paid another.

use contracts::money::BillMoney;

/// What one participant has paid another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// By transfers.
    pub transferred: BillMoney,
    /// Outside the app, less what was given back outside.
    pub cash: BillMoney,
}

impl Between {
    /// By any means.
    pub fn paid(&self) -> BillMoney {
        BillMoney::from_thousandths(self.transferred.thousandths() + self.cash.thousandths())
    }
}
