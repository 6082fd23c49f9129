//! The parts of a sum: the lines, and what is added to or subtracted from them.

use contracts::money::Money;
use serde::{Deserialize, Serialize};

/// Parts of a sum. [`Breakdown::due`] is their total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Breakdown {
    /// Lines of the cheque.
    pub items: Money,
    /// Service charge.
    pub service: Money,
    /// Discount; a positive number.
    pub discount: Money,
    /// Tax that is added to the lines.
    pub tax: Money,
    /// The printed tip plus the tip set by the owner.
    pub tip: Money,
    /// Rounding of the total.
    pub rounding: Money,
    /// The printed total minus the sum of its parts, on a cheque that does not add up.
    pub difference: Money,
}

/// Number of parts.
const PARTS: usize = 7;

impl Breakdown {
    /// An amount of which the parts are not known.
    pub fn undivided(amount: Money) -> Self {
        Self { difference: amount, ..Self::default() }
    }

    /// The sum to pay.
    pub fn due(&self) -> Money {
        Money::from_minor(self.signed().into_iter().sum())
    }

    /// Subtracts `other` part by part.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let (mine, theirs) = (self.signed(), other.signed());
        Self::from_signed(std::array::from_fn(|part| mine[part] - theirs[part]))
    }

    /// Adds `other` part by part.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (mine, theirs) = (self.signed(), other.signed());
        Self::from_signed(std::array::from_fn(|part| mine[part] + theirs[part]))
    }

    /// The same with `units` minor units more, in its largest part.
    #[must_use]
    pub(super) fn with_units(&self, units: i64) -> Self {
        let mut parts = self.signed();
        if let Some(largest) = parts.iter_mut().max_by_key(|part| part.abs()) {
            *largest += units;
        }
        Self::from_signed(parts)
    }

    /// The parts in minor units, with the discount negative, so that their sum is the sum to pay. The lines come first.
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
