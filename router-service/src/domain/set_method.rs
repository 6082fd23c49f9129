//! The owner sets how the cheque is split.

use super::currency::NotWhole;
use super::method::{BasisPoints, Method, Tip};
use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::{BillMoney, Money};

/// Why the cheque cannot be split this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MethodRefusal {
    /// A participant has settled or is settling.
    #[error("a participant has settled: the method is fixed")]
    SettlementStarted,
    /// The given map contains an unknown participant.
    #[error("there is no participant {1}")]
    UnknownParticipant(&'static str, ParticipantId),
    /// The exact amount of a participant has more decimals than the currency.
    #[error("{1}")]
    AmountNotWhole(ParticipantId, NotWhole),
    /// The tip has more decimals than the currency.
    #[error("{0}")]
    TipNotWhole(NotWhole),
    /// All shares are 0.
    #[error("at least one share must be greater than 0")]
    NoShares,
    /// The percentages do not add up to 100.
    #[error("percents add up to {} instead of 100: {}", percent(*.sum), missing_or_too_much(10_000 - .sum, percent))]
    PercentsOff {
        /// Their sum, in hundredths of a percent.
        sum: i64,
    },
    /// The amounts do not add up to the total.
    #[error("amounts add up to {sum} instead of {total}: {}",
        missing_or_too_much(.total.thousandths() - .sum.thousandths(), |minor| BillMoney::from_thousandths(minor).to_string()))]
    AmountsOff {
        /// Their sum.
        sum: BillMoney,
        /// The required sum: the total including the tip.
        total: BillMoney,
    },
}

impl Split {
    /// Sets the method and the tip. `None` if nothing changes.
    ///
    /// # Errors
    /// [`MethodRefusal`].
    pub fn set_method(&self, method: Method, tip: Option<Tip>) -> Result<Option<Self>, MethodRefusal> {
        if self.is_frozen() {
            return Err(MethodRefusal::SettlementStarted);
        }
        if (&self.method, self.tip) == (&method, tip) {
            return Ok(None);
        }
        if let Some(Tip::Amount(tip)) = tip {
            self.require_whole(tip).map_err(MethodRefusal::TipNotWhole)?;
        }
        let changed = Self { method, tip, ..self.next() };
        match &changed.method {
            Method::Items | Method::Equal => {}
            Method::Shares(shares) => {
                changed.require_known("shares", shares.keys())?;
                if shares.values().all(|share| *share == 0) {
                    return Err(MethodRefusal::NoShares);
                }
            }
            Method::Percent(percents) => {
                changed.require_known("percents", percents.keys())?;
                let sum: i64 = percents.values().map(|percent| i64::from(percent.get())).sum();
                if sum != i64::from(BasisPoints::HUNDRED_PERCENT.get()) {
                    return Err(MethodRefusal::PercentsOff { sum });
                }
            }
            Method::Exact(amounts) => {
                changed.require_known("amounts", amounts.keys())?;
                for (id, amount) in amounts {
                    self.require_whole(*amount).map_err(|refused| MethodRefusal::AmountNotWhole(*id, refused))?;
                }
                let sum = BillMoney::from_thousandths(amounts.values().map(|amount| amount.thousandths()).sum());
                let total = changed.total();
                if sum != total {
                    return Err(MethodRefusal::AmountsOff { sum, total });
                }
            }
        }
        Ok(Some(changed))
    }

    fn require_known<'a>(
        &self,
        map: &'static str,
        ids: impl Iterator<Item = &'a ParticipantId>,
    ) -> Result<(), MethodRefusal> {
        let unknown = ids.copied().find(|id| self.participant(*id).is_none());
        unknown.map_or(Ok(()), |id| Err(MethodRefusal::UnknownParticipant(map, id)))
    }
}

/// Formats hundredths of a percent like hundredths of a currency unit: 9950 is 99.50.
fn percent(points: i64) -> String {
    Money::from_minor(points).to_string()
}

fn missing_or_too_much(missing: i64, write: impl Fn(i64) -> String) -> String {
    let direction = if missing > 0 { "is missing" } else { "is too much" };
    format!("{} {direction}", write(missing.saturating_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split};
    use std::collections::BTreeMap;

    fn percents(points: &[i64]) -> Method {
        let ids = (1..).map(ParticipantId);
        Method::Percent(ids.zip(points.iter().map(|points| BasisPoints::new(*points).unwrap())).collect())
    }

    fn amounts(minor: &[i64]) -> Method {
        Method::Exact((1..).map(ParticipantId).zip(minor.iter().copied().map(BillMoney::from_hundredths)).collect())
    }

    #[test]
    fn percents_that_do_not_add_up_to_100_are_refused_with_the_difference() {
        let split = split(&[100]).with_guests(1);
        let refused = |points| split.set_method(percents(points), None).unwrap_err().to_string();
        assert_eq!(refused(&[5_000, 4_900]), "percents add up to 99 instead of 100: 1 is missing");
        assert_eq!(refused(&[5_000, 5_050]), "percents add up to 100.50 instead of 100: 0.50 is too much");
        assert!(split.set_method(percents(&[6_250, 3_750]), None).unwrap().is_some());
    }

    #[test]
    fn exact_amounts_must_make_the_total_with_the_tip() {
        let split = split(&[100]).with_guests(1);
        let tip = Some(Tip::Amount(BillMoney::from_hundredths(10)));
        let refused = split.set_method(amounts(&[60, 40]), tip).unwrap_err();
        assert_eq!(refused.to_string(), "amounts add up to 1 instead of 1.10: 0.10 is missing");
        let changed = split.set_method(amounts(&[60, 50]), tip).unwrap().unwrap();
        assert!(changed.is_payable());
        assert_eq!(changed.dues().of(ParticipantId(2)).due(), BillMoney::from_hundredths(50));
    }

    #[test]
    fn only_participants_can_have_a_share() {
        let split = split(&[100]);
        let unknown = Method::Shares(BTreeMap::from([(ParticipantId(9), 1)]));
        assert_eq!(split.set_method(unknown, None), Err(MethodRefusal::UnknownParticipant("shares", ParticipantId(9))));
        let no_share = Method::Shares(BTreeMap::from([(ParticipantId(1), 0)]));
        assert_eq!(split.set_method(no_share, None), Err(MethodRefusal::NoShares));
    }

    #[test]
    fn the_same_method_is_no_change_and_a_settlement_fixes_it() {
        let mut split = split(&[100]).with_guests(1);
        assert_eq!(split.set_method(Method::Items, None), Ok(None));
        split.participants[1].settlement = pending(1);
        assert_eq!(split.set_method(Method::Equal, None), Err(MethodRefusal::SettlementStarted));
    }
}
