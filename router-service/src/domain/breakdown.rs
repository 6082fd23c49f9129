//! What a sum consists of: the lines, and what is added to them.

use contracts::money::Money;
use serde::{Deserialize, Serialize};

/// Parts of a sum. Together they make [`Breakdown::due`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Breakdown {
    /// Lines of the cheque.
    pub items: Money,
    /// Service.
    pub service: Money,
    /// Taken off; a positive number.
    pub discount: Money,
    /// Tax that is added to the lines.
    pub tax: Money,
    /// The tip: the printed one and the agreed one.
    pub tip: Money,
    /// Rounding of the total.
    pub rounding: Money,
    /// What the printed total has more than its parts, on a cheque that does not add up.
    pub difference: Money,
}

/// How many parts there are.
const PARTS: usize = 7;

impl Breakdown {
    /// What is to be paid.
    pub fn due(&self) -> Money {
        Money::from_minor(self.signed().into_iter().sum())
    }

    /// Part by part less `other`.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let (mine, theirs) = (self.signed(), other.signed());
        Self::from_signed(std::array::from_fn(|part| mine[part] - theirs[part]))
    }

    /// Part by part with `other`.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (mine, theirs) = (self.signed(), other.signed());
        Self::from_signed(std::array::from_fn(|part| mine[part] + theirs[part]))
    }

    /// The parts in minor units, the discount negative: their sum is what is to be paid. The lines come first.
    pub(super) fn signed(&self) -> [i64; PARTS] {
        [
            self.items.minor(),
            self.service.minor(),
            -self.discount.minor(),
            self.tax.minor(),
            self.tip.minor(),
            self.rounding.minor(),
            self.difference.minor(),
        ]
    }

    /// The opposite of [`Breakdown::signed`].
    pub(super) fn from_signed(parts: [i64; PARTS]) -> Self {
        let [items, service, discount, tax, tip, rounding, difference] = parts.map(Money::from_minor);
        Self { items, service, discount: discount.negated(), tax, tip, rounding, difference }
    }
}
