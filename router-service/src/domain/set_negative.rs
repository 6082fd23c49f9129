//! The owner sets who gets a negative line, and what that means for the others.

use super::method::Method;
use super::negative::Negative;
use super::split::Split;
use contracts::cheque::Product;
use contracts::money::BillMoney;

/// Why a negative line cannot be assigned this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NegativeRefusal {
    /// A participant has settled or is settling.
    #[error("somebody has paid: the lines are fixed")]
    SettlementStarted,
    /// There is no such line.
    #[error("there is no such line")]
    NoSuchLine,
    /// The amount of the line is not negative.
    #[error("the line is not negative")]
    NotNegative,
    /// The line that it takes back does not exist, or is negative itself.
    #[error("a negative line can only take back a line with an amount above 0")]
    NoSuchTarget,
}

impl Split {
    /// Sets who gets a negative line; `None` makes it a discount in proportion. Claims on the line end unless it is
    /// claimed now. `None` if nothing changes.
    ///
    /// # Errors
    /// [`NegativeRefusal`].
    pub fn set_negative(&self, line: u32, negative: Option<Negative>) -> Result<Option<Self>, NegativeRefusal> {
        if self.is_frozen() {
            return Err(NegativeRefusal::SettlementStarted);
        }
        let amount = amount(self.line(line).ok_or(NegativeRefusal::NoSuchLine)?);
        if amount >= BillMoney::ZERO {
            return Err(NegativeRefusal::NotNegative);
        }
        if let Some(Negative::Line(target)) = negative
            && self.line(target).is_none_or(|target| self::amount(target) <= BillMoney::ZERO)
        {
            return Err(NegativeRefusal::NoSuchTarget);
        }
        if self.negative.get(&line).copied() == negative {
            return Ok(None);
        }
        let mut changed = self.next();
        changed.negative.remove(&line);
        changed.negative.extend(negative.map(|negative| (line, negative)));
        if negative != Some(Negative::Claimed) {
            changed.claims.retain(|(claimed, _), _| *claimed != line);
        }
        Ok(Some(changed))
    }

    /// The amount that participants share who claim this line: with the negative lines that take it back. `None` if the
    /// line does not exist, or can't be claimed.
    pub fn claimable(&self, line: u32) -> Option<BillMoney> {
        let line = self.line(line).filter(|line| self.is_claimable(line))?;
        let taken_back =
            self.cheque.products.iter().filter(|other| self.negative_of(other) == Some(Negative::Line(line.id)));
        Some(BillMoney::from_thousandths(
            amount(line).thousandths() + taken_back.map(|other| amount(other).thousandths()).sum::<i64>(),
        ))
    }

    /// The lines that can be claimed, with the amounts that their claimants share.
    pub fn claimable_lines(&self) -> impl Iterator<Item = (u32, BillMoney)> {
        self.cheque.products.iter().filter_map(|line| self.claimable(line.id).map(|amount| (line.id, amount)))
    }

    /// With the method `items`, the sum of the negative lines that are a discount in proportion; not negative. Other
    /// methods divide the whole sum.
    pub(super) fn taken_off(&self) -> BillMoney {
        if self.method != Method::Items {
            return BillMoney::ZERO;
        }
        let discounts = self.cheque.products.iter().filter(|line| self.is_discount(line));
        BillMoney::from_thousandths(discounts.map(|line| -amount(line).thousandths()).sum())
    }

    /// Whether all claimable lines with a negative amount are claimed.
    pub(super) fn negative_lines_are_claimed(&self) -> bool {
        let mut open = self.claimable_lines().filter(|(_, amount)| *amount < BillMoney::ZERO);
        open.all(|(line, _)| self.left_of(line).is_zero())
    }

    /// After lines have changed: drops what was said about lines that are gone, or not negative any more.
    pub(super) fn drop_stale_negatives(&mut self) {
        let lines = &self.cheque.products;
        let sign_of = |id: u32| lines.iter().find(|line| line.id == id).map(|line| amount(line).thousandths().signum());
        self.negative.retain(|line, negative| {
            let stands = match negative {
                Negative::Line(target) => sign_of(*target) == Some(1),
                Negative::Claimed => true,
            };
            stands && sign_of(*line) == Some(-1)
        });
        let unclaimable: Vec<u32> =
            self.cheque.products.iter().filter(|line| !self.is_claimable(line)).map(|line| line.id).collect();
        self.claims.retain(|(line, _), _| !unclaimable.contains(line));
    }

    fn is_claimable(&self, line: &Product) -> bool {
        amount(line) >= BillMoney::ZERO || self.negative_of(line) == Some(Negative::Claimed)
    }

    fn is_discount(&self, line: &Product) -> bool {
        amount(line) < BillMoney::ZERO && self.negative_of(line).is_none()
    }

    fn negative_of(&self, line: &Product) -> Option<Negative> {
        self.negative.get(&line.id).copied().filter(|_| amount(line) < BillMoney::ZERO)
    }
}

/// The amount of a line; an unknown one counts as 0.
fn amount(line: &Product) -> BillMoney {
    line.total.unwrap_or(BillMoney::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::ClaimRefusal;
    use crate::domain::fixtures::{Hundredths, split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use crate::domain::settle::{Agreed, SettleRefusal};

    const OWNER: ParticipantId = ParticipantId::OWNER;
    const ANN: ParticipantId = ParticipantId(2);

    /// Food of 50, which Ann (user 7) claims, tea of 30, and 10 off.
    fn table() -> Split {
        split(&[50, 30, -10]).with_user(7).claimed(ANN, 1, Fraction::WHOLE)
    }

    fn due(split: &Split, who: ParticipantId) -> i64 {
        split.dues().of(who).due().hundredths()
    }

    fn settle(split: &Split) -> Result<i64, SettleRefusal> {
        let settled = split.settle(user(7), None, Agreed::Version(split.version), "RUB", transfer(1));
        settled.map(|(_, requested)| requested.amount.hundredths())
    }

    #[test]
    fn by_default_a_negative_line_is_a_discount_for_all_in_proportion() {
        let table = table();
        assert_eq!((due(&table, ANN), table.dues().unclaimed.hundredths()), (44, 26), "6.25 of 10 off 50");
        assert_eq!(table.claim(OWNER, 3, Fraction::WHOLE), Err(ClaimRefusal::NotClaimable));
        assert_eq!(settle(&table), Ok(44));
        let only = split(&[50, -10]).with_user(7).claimed(ANN, 1, Fraction::WHOLE);
        assert_eq!(settle(&only), Ok(40), "all that the bill gives");
    }

    #[test]
    fn a_line_that_takes_back_another_goes_with_it() {
        let table = table().set_negative(3, Some(Negative::Line(2))).unwrap().unwrap();
        assert_eq!((due(&table, ANN), table.dues().unclaimed.hundredths()), (50, 20));
        let both = table.claimed(OWNER, 2, Fraction::WHOLE);
        assert_eq!((due(&both, OWNER), both.dues().unclaimed), (20, BillMoney::ZERO));
    }

    #[test]
    fn nobody_pays_until_a_line_that_must_be_claimed_is_claimed() {
        let table = table().set_negative(3, Some(Negative::Claimed)).unwrap().unwrap();
        assert_eq!(settle(&table), Err(SettleRefusal::NotPayable));
        let half = table.clone().claimed(OWNER, 3, Fraction::new(1, 2).unwrap());
        assert_eq!(settle(&half), Err(SettleRefusal::NotPayable));
        let whole = table.claimed(ANN, 3, Fraction::WHOLE);
        assert_eq!(settle(&whole), Ok(40));
        let (paying, _) = whole.settle(user(7), None, Agreed::Version(whole.version), "RUB", transfer(1)).unwrap();
        assert_eq!(paying.claim(ANN, 3, Fraction::ZERO), Err(ClaimRefusal::SettledAlready));
    }

    #[test]
    fn an_owner_cannot_keep_a_negative_line_that_others_have_paid() {
        // The row of the issue: Ann pays 50 of a bill of 40, the owner takes the line of -10.
        let table = split(&[50, -10]).with_user(7).claimed(ANN, 1, Fraction::WHOLE);
        let claimed = table.set_negative(2, Some(Negative::Claimed)).unwrap().unwrap();
        let owner = claimed.claimed(OWNER, 2, Fraction::WHOLE);
        assert_eq!(settle(&owner), Err(SettleRefusal::TooMuch));
    }

    #[test]
    fn who_is_owed_is_paid_before_it_is_settled() {
        let table = split(&[1_000, -325]).with_user(7).claimed(OWNER, 1, Fraction::WHOLE);
        let claimed = table.set_negative(2, Some(Negative::Claimed)).unwrap().unwrap().claimed(ANN, 2, Fraction::WHOLE);
        let ann = |split: &Split| split.to_pay(&split.dues(), split.participant(ANN).unwrap()).hundredths();
        assert_eq!(ann(&claimed), -325);
        assert!(!claimed.is_settled(&claimed.dues()));
        let amount = BillMoney::from_hundredths(325);
        let (given, _) = claimed.refund(ANN, amount, crate::domain::refund::Means::Cash, transfer(1)).unwrap();
        assert_eq!(ann(&given), 0);
        assert!(given.is_settled(&given.dues()));
    }

    #[test]
    fn a_wrong_assignment_is_refused() {
        let table = table();
        assert_eq!(table.set_negative(9, None), Err(NegativeRefusal::NoSuchLine));
        assert_eq!(table.set_negative(1, None), Err(NegativeRefusal::NotNegative));
        assert_eq!(table.set_negative(3, Some(Negative::Line(3))), Err(NegativeRefusal::NoSuchTarget));
        assert_eq!(table.set_negative(3, Some(Negative::Line(9))), Err(NegativeRefusal::NoSuchTarget));
        assert_eq!(table.set_negative(3, None), Ok(None), "as it was");
    }

    #[test]
    fn an_assignment_ends_with_its_lines() {
        let mut table = table().set_negative(3, Some(Negative::Line(2))).unwrap().unwrap();
        table.cheque.products.retain(|line| line.id != 2);
        table.drop_stale_negatives();
        assert!(table.negative.is_empty());
    }
}
