//! Who pays whom.

use super::dues::Dues;
use super::fewest_transfers::{Transfer, fewest_transfers};
use super::participant::{Participant, ParticipantId};
use super::split::Split;
use contracts::money::BillMoney;
use std::collections::BTreeMap;

/// A planned payment.
pub type Payment = Transfer<ParticipantId>;

impl Split {
    /// What a participant still has to pay, or is owed if it is negative: their due, less what they have paid to the
    /// restaurant and to others. Pending transfers count as done. Zero for the owner who alone has paid the restaurant.
    pub fn to_pay(&self, dues: &Dues, participant: &Participant) -> BillMoney {
        if participant.id == ParticipantId::OWNER && !self.has_several_payers() {
            return BillMoney::ZERO;
        }
        let own = |one: &Participant| self.left(dues, one) - one.settlement.expected().thousandths();
        BillMoney::from_thousandths(own(participant) + self.for_group(participant, own))
    }

    /// The payments after which every due is paid. If the owner alone has paid the restaurant, everybody pays the owner,
    /// who gives back what others are owed. Otherwise they are the fewest that suffice.
    ///
    /// What is unclaimed is not owed yet: until it is claimed, some who have paid the restaurant wait for the rest.
    pub fn plan(&self, dues: &Dues) -> Vec<Payment> {
        if self.has_several_payers() {
            let open = |one: &Participant| self.open_balance(dues, one).thousandths();
            let pays_here = self.participants.iter().filter(|one| !self.pays_in_group(one.id));
            let balances =
                pays_here.map(|one| (one.id, BillMoney::from_thousandths(open(one) + self.for_group(one, open))));
            return fewest_transfers(&balances.collect::<BTreeMap<_, _>>());
        }
        let others = self.participants.iter().filter(|other| other.id != ParticipantId::OWNER);
        let others = others.filter(|other| !self.pays_in_group(other.id));
        let open =
            others.map(|other| (other.id, self.to_pay(dues, other))).filter(|(_, open)| *open != BillMoney::ZERO);
        open.map(|(id, open)| {
            let (from, to) =
                if open > BillMoney::ZERO { (id, ParticipantId::OWNER) } else { (ParticipantId::OWNER, id) };
            Payment { from, to, amount: BillMoney::from_thousandths(open.thousandths().abs()) }
        })
        .collect()
    }

    /// Whether what the participant has to pay for the bill, or is owed, counts in a group.
    pub fn pays_in_group(&self, id: ParticipantId) -> bool {
        id != ParticipantId::OWNER && self.in_group.contains(&id)
    }

    /// What the owner does here for those who pay in a group: there they pay the owner.
    fn for_group(&self, participant: &Participant, balance: impl Fn(&Participant) -> i64) -> i64 {
        if participant.id != ParticipantId::OWNER {
            return 0;
        }
        self.participants.iter().filter(|one| self.pays_in_group(one.id)).map(balance).sum()
    }

    /// What a participant has to pay at least, or is owed at least if it is negative, whether pending transfers succeed
    /// or not.
    fn open_balance(&self, dues: &Dues, participant: &Participant) -> BillMoney {
        let settlement = &participant.settlement;
        let done = self.left(dues, participant) - settlement.paid().thousandths();
        let pending = settlement.pending().map_or(0, |pending| pending.signed().thousandths());
        let (to_pay, to_get) = (done - pending, -(done + settlement.arriving.thousandths()));
        BillMoney::from_thousandths(if to_pay > 0 { to_pay } else { -to_get.max(0) })
    }

    /// The due less what the participant has paid to the restaurant, in thousandths.
    fn left(&self, dues: &Dues, participant: &Participant) -> i64 {
        let is_only_payer = participant.id == ParticipantId::OWNER && !self.has_several_payers();
        let advance = if is_only_payer { BillMoney::ZERO } else { self.advance_of(participant.id, dues.total) };
        dues.of(participant.id).due().thousandths() - advance.thousandths()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split, transfer, user};
    use crate::domain::method::Method;
    use crate::domain::open_pairs::open_pairs;
    use crate::domain::settle::{Agreed, SettleRefusal};

    /// What each pays whom.
    fn plan(split: &Split) -> Vec<(u32, u32, i64)> {
        split.plan(&split.dues()).into_iter().map(|one| (one.from.0, one.to.0, one.amount.hundredths())).collect()
    }

    #[test]
    fn with_one_payer_everybody_pays_the_owner() {
        let equal = split(&[300]).with_guests(2).set_method(Method::Equal, None).unwrap().unwrap();
        assert_eq!(plan(&equal), [(2, 1, 100), (3, 1, 100)]);
        assert_eq!(equal.to_pay(&equal.dues(), &equal.participants[0]), BillMoney::ZERO);
    }

    #[test]
    fn with_two_payers_the_plan_is_the_fewest_transfers() {
        let equal = split(&[500_000]).with_guests(3).set_method(Method::Equal, None).unwrap().unwrap();
        let advances = BTreeMap::from([(ParticipantId(2), BillMoney::from_hundredths(250_000))]);
        let two = equal.set_advances(equal.version, &advances).unwrap().unwrap();
        let payments = plan(&two);
        assert_eq!(payments.len(), 2, "{payments:?}");
        assert!(payments.iter().all(|(from, to, amount)| *from > 2 && *to < 3 && *amount == 125_000));
        assert_eq!(two.to_pay(&two.dues(), &two.participants[0]).hundredths(), -125_000, "the owner is owed money");
    }

    #[test]
    fn what_nobody_has_claimed_is_owed_by_nobody() {
        let split = split(&[300, 200]).with_guests(2);
        let claimed = split.claimed(ParticipantId(3), 1, crate::domain::fraction::Fraction::WHOLE);
        let advances = BTreeMap::from([(ParticipantId(2), BillMoney::from_hundredths(400))]);
        let two = claimed.set_advances(claimed.version, &advances).unwrap().unwrap();
        assert_eq!(plan(&two), [(3, 2, 300)]);
        assert_eq!(two.dues().unclaimed.hundredths(), 200);
    }

    #[test]
    fn a_payer_who_is_in_no_group_gets_from_the_owner_what_others_pay_in_the_group() {
        // The owner has paid 100 and the first user 200; the second one pays in the group.
        let equal = split(&[300]).with_user(2).with_user(3).set_method(Method::Equal, None).unwrap().unwrap();
        let advances = BTreeMap::from([(ParticipantId(2), BillMoney::from_hundredths(200))]);
        let mut two = equal.set_advances(equal.version, &advances).unwrap().unwrap();
        assert_eq!(plan(&two), [(3, 2, 100)]);
        two.in_group = [ParticipantId::OWNER, ParticipantId(3)].into();
        assert_eq!(plan(&two), [(1, 2, 100)]);
        let pay = |split: &Split, id| {
            split.settle_to(user(id), None, None, Agreed::Version(split.version), "RUB", transfer(1))
        };
        assert_eq!(pay(&two, 3), Err(SettleRefusal::InGroup));
        let (paid, requested) = pay(&two, 1).unwrap();
        assert_eq!(
            (requested.from_user, requested.to_user, requested.amount.money().hundredths()),
            (user(1), user(2), 100)
        );
        let paid = paid.transfer_completed(transfer(1)).unwrap();
        assert!(plan(&paid).is_empty() && paid.is_settled(&paid.dues()));
        assert_eq!(open_pairs(&paid), [(ParticipantId(3), ParticipantId::OWNER, BillMoney::from_hundredths(100))]);
    }
}
