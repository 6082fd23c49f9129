//! Who pays whom.

use super::dues::Dues;
use super::fewest_transfers::{Transfer, fewest_transfers};
use super::participant::{Participant, ParticipantId};
use super::split::Split;
use contracts::money::Money;
use std::collections::BTreeMap;

/// A planned payment.
pub type Payment = Transfer<ParticipantId>;

impl Split {
    /// What a participant still has to pay, or is owed if it is negative: their due, less what they have paid to the
    /// restaurant and to others. Pending transfers count as done. Zero for the owner who alone has paid the restaurant.
    pub fn to_pay(&self, dues: &Dues, participant: &Participant) -> Money {
        if participant.id == ParticipantId::OWNER && !self.has_several_payers() {
            return Money::ZERO;
        }
        Money::from_minor(self.left(dues, participant) - participant.settlement.expected().minor())
    }

    /// The payments after which every due is paid. If the owner alone has paid the restaurant, everybody pays the owner,
    /// who gives back what others are owed. Otherwise they are the fewest that suffice.
    ///
    /// What is unclaimed is not owed yet: until it is claimed, some who have paid the restaurant wait for the rest.
    pub fn plan(&self, dues: &Dues) -> Vec<Payment> {
        if self.has_several_payers() {
            let balances = self.participants.iter().map(|one| (one.id, self.open_balance(dues, one)));
            return fewest_transfers(&balances.collect::<BTreeMap<_, _>>());
        }
        let others = self.participants.iter().filter(|other| other.id != ParticipantId::OWNER);
        let open = others.map(|other| (other.id, self.to_pay(dues, other))).filter(|(_, open)| *open != Money::ZERO);
        open.map(|(id, open)| {
            let (from, to) = if open > Money::ZERO { (id, ParticipantId::OWNER) } else { (ParticipantId::OWNER, id) };
            Payment { from, to, amount: Money::from_minor(open.minor().abs()) }
        })
        .collect()
    }

    /// What a participant has to pay at least, or is owed at least if it is negative, whether pending transfers succeed
    /// or not.
    fn open_balance(&self, dues: &Dues, participant: &Participant) -> Money {
        let settlement = &participant.settlement;
        let done = self.left(dues, participant) - settlement.paid().minor();
        let pending = settlement.pending().map_or(0, |pending| pending.signed().minor());
        let (to_pay, to_get) = (done - pending, -(done + settlement.arriving.minor()));
        Money::from_minor(if to_pay > 0 { to_pay } else { -to_get.max(0) })
    }

    /// The due less what the participant has paid to the restaurant, in minor units.
    fn left(&self, dues: &Dues, participant: &Participant) -> i64 {
        let is_only_payer = participant.id == ParticipantId::OWNER && !self.has_several_payers();
        let advance = if is_only_payer { Money::ZERO } else { self.advance_of(participant.id, dues.total) };
        dues.of(participant.id).due().minor() - advance.minor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::split;
    use crate::domain::method::Method;

    /// What each pays whom.
    fn plan(split: &Split) -> Vec<(u32, u32, i64)> {
        split.plan(&split.dues()).into_iter().map(|one| (one.from.0, one.to.0, one.amount.minor())).collect()
    }

    #[test]
    fn with_one_payer_everybody_pays_the_owner() {
        let equal = split(&[300]).with_guests(2).set_method(Method::Equal, None).unwrap().unwrap();
        assert_eq!(plan(&equal), [(2, 1, 100), (3, 1, 100)]);
        assert_eq!(equal.to_pay(&equal.dues(), &equal.participants[0]), Money::ZERO);
    }

    #[test]
    fn with_two_payers_the_plan_is_the_fewest_transfers() {
        let equal = split(&[500_000]).with_guests(3).set_method(Method::Equal, None).unwrap().unwrap();
        let advances = BTreeMap::from([(ParticipantId(2), Money::from_minor(250_000))]);
        let two = equal.set_advances(equal.version, &advances).unwrap().unwrap();
        let payments = plan(&two);
        assert_eq!(payments.len(), 2, "{payments:?}");
        assert!(payments.iter().all(|(from, to, amount)| *from > 2 && *to < 3 && *amount == 125_000));
        assert_eq!(two.to_pay(&two.dues(), &two.participants[0]).minor(), -125_000, "the owner is owed money");
    }

    #[test]
    fn what_nobody_has_claimed_is_owed_by_nobody() {
        let split = split(&[300, 200]).with_guests(2);
        let claimed = split.claimed(ParticipantId(3), 1, crate::domain::fraction::Fraction::WHOLE);
        let advances = BTreeMap::from([(ParticipantId(2), Money::from_minor(400))]);
        let two = claimed.set_advances(claimed.version, &advances).unwrap().unwrap();
        assert_eq!(plan(&two), [(3, 2, 300)]);
        assert_eq!(two.dues().unclaimed.minor(), 200);
    }
}
