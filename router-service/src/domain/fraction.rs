//! A part of a line, as an exact fraction from 0 to 1.

/// A reduced fraction from 0 to 1.
///
/// Invariant: `numerator <= denominator`, `denominator >= 1`, and they have no common divisor greater than 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: u64,
    denominator: u64,
}

/// The numbers do not form a fraction from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// The denominator is 0.
    #[error("must be at least 1")]
    ZeroDenominator,
    /// The numerator is greater than the denominator.
    #[error("must be at most the denominator {denominator}")]
    MoreThanWhole {
        /// The denominator.
        denominator: u64,
    },
}

impl Fraction {
    /// 0.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// 1.
    pub const WHOLE: Self = Self { numerator: 1, denominator: 1 };

    /// Reduces `numerator / denominator`.
    ///
    /// ```
    /// use router_service::domain::fraction::Fraction;
    /// assert_eq!(Fraction::new(2, 4), Fraction::new(1, 2));
    /// assert!(Fraction::new(3, 2).is_err());
    /// ```
    ///
    /// # Errors
    /// [`FractionError`] if the fraction is not between 0 and 1.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, FractionError> {
        if denominator == 0 {
            return Err(FractionError::ZeroDenominator);
        }
        if numerator > denominator {
            return Err(FractionError::MoreThanWhole { denominator });
        }
        let divisor = greatest_common_divisor(u128::from(numerator), u128::from(denominator));
        Ok(Self::reduced(u128::from(numerator) / divisor, u128::from(denominator) / divisor).unwrap_or(Self::ZERO))
    }

    /// The numerator.
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator, at least 1.
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// 1 minus this fraction.
    #[must_use]
    pub fn rest(self) -> Self {
        // Both have the same denominator, and if one is reduced, so is the other.
        Self { numerator: self.denominator - self.numerator, denominator: self.denominator }
    }

    /// The sum; `None` if it is greater than 1, or if its denominator exceeds 64 bits.
    pub fn plus(self, other: Self) -> Option<Self> {
        let denominator = least_common_multiple(u128::from(self.denominator), u128::from(other.denominator))?;
        let numerator = self.over(denominator) + other.over(denominator);
        if numerator > denominator {
            return None;
        }
        let divisor = greatest_common_divisor(numerator, denominator);
        Self::reduced(numerator / divisor, denominator / divisor)
    }

    /// The numerator for `denominator`, which must be a multiple of this fraction's denominator.
    pub(super) fn over(self, denominator: u128) -> u128 {
        u128::from(self.numerator) * (denominator / u128::from(self.denominator))
    }

    fn reduced(numerator: u128, denominator: u128) -> Option<Self> {
        Some(Self { numerator: numerator.try_into().ok()?, denominator: denominator.try_into().ok()? })
    }
}

/// The least common multiple; `None` beyond 64 bits, long before sums could overflow.
pub(super) fn least_common_multiple(one: u128, other: u128) -> Option<u128> {
    let multiple = (one / greatest_common_divisor(one, other)).checked_mul(other)?;
    (multiple <= u128::from(u64::MAX)).then_some(multiple)
}

fn greatest_common_divisor(mut one: u128, mut other: u128) -> u128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fraction(numerator: u64, denominator: u64) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn more_than_the_whole_is_not_a_part() {
        assert_eq!(Fraction::new(3, 2), Err(FractionError::MoreThanWhole { denominator: 2 }));
        assert_eq!(Fraction::new(1, 0), Err(FractionError::ZeroDenominator));
        assert_eq!(fraction(0, 7), Fraction::ZERO);
        assert_eq!(fraction(7, 7), Fraction::WHOLE);
    }

    #[test]
    fn parts_add_up_exactly_to_the_whole_and_not_beyond() {
        let third = fraction(1, 3);
        assert_eq!(third.plus(third).and_then(|two| two.plus(third)), Some(Fraction::WHOLE));
        assert_eq!(fraction(2, 3).plus(fraction(1, 2)), None);
        assert_eq!(fraction(1, 2).plus(fraction(1, 3)), Some(fraction(5, 6)));
    }

    #[test]
    fn a_sum_with_a_too_large_denominator_is_refused() {
        let fine = fraction(1, u64::MAX);
        assert_eq!(fine.plus(fraction(1, u64::MAX - 1)), None);
    }

    proptest! {
        #[test]
        fn a_part_and_its_rest_are_the_whole(denominator in 1_u64..=100, numerator in 0_u64..=100) {
            let part = fraction(numerator.min(denominator), denominator);
            prop_assert_eq!(part.plus(part.rest()), Some(Fraction::WHOLE));
        }
    }
}
