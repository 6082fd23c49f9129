//! The fewest transfers after which no balance is open.

use contracts::money::BillMoney;
use std::collections::BTreeMap;

/// Up to this number of people the result has the fewest transfers possible; the search doubles with each further one.
const EXACT_MAX: usize = 14;

/// Money that one person gives another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<K> {
    /// Who pays.
    pub from: K,
    /// Who receives it.
    pub to: K,
    /// The amount; positive.
    pub amount: BillMoney,
}

/// The fewest transfers that bring every balance to zero. A positive balance owes money, a negative one is owed it. If they
/// do not add up to zero, the rest stays with the largest balance.
///
/// A set of people whose balances add up to zero needs one transfer less than it has people, so the fewest transfers
/// come from the most such sets. Two people with opposite balances are always one of them. The other sets are searched
/// exactly among at most [`EXACT_MAX`] people; more people are one set, with at most `n - 1` transfers.
///
/// The result depends on the balances only. A person either pays or receives.
pub fn fewest_transfers<K: Copy + Ord>(balances: &BTreeMap<K, BillMoney>) -> Vec<Transfer<K>> {
    let mut open: Vec<(K, i64)> = balances.iter().map(|(key, money)| (*key, money.thousandths())).collect();
    open.retain(|(_, balance)| *balance != 0);
    let mut transfers = pairs(&mut open);
    for set in zero_sets(&open) {
        transfers.extend(within(set));
    }
    transfers
}

/// Takes out people with opposite balances, who settle with each other.
fn pairs<K: Copy + Ord>(open: &mut Vec<(K, i64)>) -> Vec<Transfer<K>> {
    let mut transfers = vec![];
    let mut index = 0;
    while let Some((key, balance)) = open.get(index).copied() {
        let other = open.iter().skip(index + 1).position(|(_, other)| *other == -balance);
        if let Some(after) = other {
            let (other, _) = open.remove(index + 1 + after);
            open.remove(index);
            let (from, to) = if balance > 0 { (key, other) } else { (other, key) };
            transfers.push(Transfer { from, to, amount: BillMoney::from_thousandths(balance.abs()) });
        } else {
            index += 1;
        }
    }
    transfers
}

/// Divides people into the most sets whose balances each add up to zero; what does not is the last set.
fn zero_sets<K: Copy>(open: &[(K, i64)]) -> Vec<Vec<(K, i64)>> {
    if open.is_empty() {
        return vec![];
    }
    if open.len() > EXACT_MAX {
        return vec![open.to_vec()];
    }
    // By set of people, as bits: the sum of their balances, and how many zero sums are passed at most when they are
    // added one by one, with the one who is added last.
    let all = (1_usize << open.len()) - 1;
    let (mut sums, mut most, mut last) = (vec![0_i64; all + 1], vec![0_u32; all + 1], vec![0_usize; all + 1]);
    for set in 1..=all {
        let lowest = usize::try_from(set.trailing_zeros()).unwrap_or_default();
        sums[set] = sums[set & (set - 1)] + open[lowest].1;
        let members = (0..open.len()).filter(|person| set & (1 << person) != 0);
        let best = members.map(|person| (most[set & !(1 << person)], person)).max_by_key(|(count, _)| *count);
        let (count, person) = best.unwrap_or_default();
        last[set] = person;
        most[set] = count + u32::from(sums[set] == 0);
    }
    // Going back, a set ends wherever the sum is zero.
    let (mut sets, mut set) = (vec![], all);
    while set != 0 {
        if sums[set] == 0 || sets.is_empty() {
            sets.push(vec![]);
        }
        let person = last[set];
        if let Some(current) = sets.last_mut() {
            current.push(open[person]);
        }
        set &= !(1 << person);
    }
    sets
}

/// At most `n - 1` transfers: the largest debt and the largest credit settle as much as they can, until one side has
/// nothing left.
fn within<K: Copy + Ord>(set: Vec<(K, i64)>) -> Vec<Transfer<K>> {
    let mut open: BTreeMap<K, i64> = set.into_iter().collect();
    let mut transfers = vec![];
    loop {
        let debtor =
            open.iter().filter(|(_, left)| **left > 0).max_by_key(|(key, left)| (**left, std::cmp::Reverse(**key)));
        let creditor = open.iter().filter(|(_, left)| **left < 0).min_by_key(|(key, left)| (**left, **key));
        let (Some((from, debt)), Some((to, credit))) = (debtor, creditor) else { return transfers };
        let (from, to, amount) = (*from, *to, (*debt).min(-*credit));
        transfers.push(Transfer { from, to, amount: BillMoney::from_thousandths(amount) });
        *open.entry(from).or_default() -= amount;
        *open.entry(to).or_default() += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn balances(minor: &[i64]) -> BTreeMap<u32, BillMoney> {
        (1..).zip(minor.iter().map(|minor| BillMoney::from_thousandths(*minor))).collect()
    }

    fn left(minor: &[i64], transfers: &[Transfer<u32>]) -> Vec<i64> {
        let mut left = balances(minor);
        for transfer in transfers {
            assert!(transfer.amount > BillMoney::ZERO);
            for (key, sign) in [(transfer.from, -1), (transfer.to, 1)] {
                let balance = left.get_mut(&key).unwrap();
                *balance = BillMoney::from_thousandths(balance.thousandths() + sign * transfer.amount.thousandths());
            }
        }
        left.values().map(|money| money.thousandths()).collect()
    }

    /// The largest number of sets with sum zero, by trying every division into two.
    fn most_zero_sets(open: &[i64]) -> usize {
        let halves = (1..(1_usize << open.len()) - 1).map(|bits| {
            let part = |keep: bool| -> Vec<i64> {
                let chosen = open.iter().enumerate().filter(|(index, _)| (bits & (1 << index) != 0) == keep);
                chosen.map(|(_, balance)| *balance).collect()
            };
            (part(true), part(false))
        });
        let zero = halves.filter(|(one, _)| one.iter().sum::<i64>() == 0);
        zero.map(|(one, other)| most_zero_sets(&one) + most_zero_sets(&other)).max().unwrap_or(1)
    }

    #[test]
    fn two_payers_and_two_guests_need_three_transfers_or_two() {
        // The bill of 5000 was paid by the first (3000) and the second (2000); everybody owes 1250.
        let transfers = fewest_transfers(&balances(&[-175_000, -75_000, 125_000, 125_000]));
        assert_eq!(transfers.len(), 3);
        let transfers = fewest_transfers(&balances(&[-125_000, -125_000, 125_000, 125_000]));
        assert_eq!(transfers.len(), 2);
    }

    #[test]
    fn what_cannot_be_settled_stays_with_the_largest_balance() {
        let minor = [-500, 300, 100];
        assert_eq!(left(&minor, &fewest_transfers(&balances(&minor))), [-100, 0, 0]);
        assert!(fewest_transfers(&BTreeMap::from([(1, BillMoney::from_thousandths(5))])).is_empty());
        assert!(fewest_transfers::<u32>(&BTreeMap::new()).is_empty());
    }

    proptest! {
        #[test]
        fn every_balance_becomes_zero_with_the_fewest_transfers(mut minor in prop::collection::vec(-6_i64..=6, 1..7)) {
            minor.push(-minor.iter().sum::<i64>());
            let transfers = fewest_transfers(&balances(&minor));
            prop_assert_eq!(left(&minor, &transfers), vec![0; minor.len()]);
            let open: Vec<i64> = minor.iter().copied().filter(|balance| *balance != 0).collect();
            let fewest = if open.is_empty() { 0 } else { open.len() - most_zero_sets(&open) };
            prop_assert_eq!(transfers.len(), fewest);
        }

        #[test]
        fn a_person_either_pays_or_receives_and_many_people_settle_too(
            mut minor in prop::collection::vec(-1_000_000_000_i64..=1_000_000_000, 1..50),
        ) {
            minor.push(-minor.iter().sum::<i64>());
            let transfers = fewest_transfers(&balances(&minor));
            prop_assert_eq!(left(&minor, &transfers), vec![0; minor.len()]);
            prop_assert!(transfers.len() < minor.len());
            prop_assert!(transfers.iter().all(|one| transfers.iter().all(|other| one.from != other.to)));
        }
    }
}
