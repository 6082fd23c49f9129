//! The parts of a sum: the lines, and what is added to or subtracted from them.

use contracts::money::BillMoney;
use serde::{Deserialize, Serialize};

/// Parts of a sum. [`Breakdown::due`] is their total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Breakdown {
    /// Lines of the cheque.
    pub items: BillMoney,
    /// Service charge.
    pub service: BillMoney,
    /// Discount; a positive number.
    pub discount: BillMoney,
    /// Tax that is added to the lines.
    pub tax: BillMoney,
    /// The printed tip plus the tip set by the owner.
    pub tip: BillMoney,
    /// Rounding of the total.
    pub rounding: BillMoney,
    /// The printed total minus the sum of its parts, on a cheque that does not add up.
    pub difference: BillMoney,
}

/// Number of parts.
const PARTS: usize = 7;

impl Breakdown {
    /// An amount of which the parts are not known.
    pub fn undivided(amount: BillMoney) -> Self {
        Self { difference: amount, ..Self::default() }
    }

    /// The sum to pay.
    pub fn due(&self) -> BillMoney {
        BillMoney::from_thousandths(self.signed().into_iter().sum())
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

    /// The same with `thousandths` more, in its largest part.
    #[must_use]
    pub(super) fn with_more(&self, thousandths: i64) -> Self {
        let mut parts = self.signed();
        if let Some(largest) = parts.iter_mut().max_by_key(|part| part.abs()) {
            *largest += thousandths;
        }
        Self::from_signed(parts)
    }

    /// The parts in thousandths, with the discount negative, so that their sum is the sum to pay. The lines come first.
    pub(super) fn signed(&self) -> [i64; PARTS] {
        [
            self.items.thousandths(),
            self.service.thousandths(),
            -self.discount.thousandths(),
            self.tax.thousandths(),
            self.tip.thousandths(),
            self.rounding.thousandths(),
            self.difference.thousandths(),
        ]
    }

    /// The opposite of [`Breakdown::signed`].
    pub(super) fn from_signed(parts: [i64; PARTS]) -> Self {
        let [items, service, discount, tax, tip, rounding, difference] = parts.map(BillMoney::from_thousandths);
        Self { items, service, discount: discount.negated(), tax, tip, rounding, difference }
    }
}
