//! Divides a sum without losing anything: the largest remainders get the leftover units.
//!
//! Source: the method of Hamilton, also called the largest remainder method.

use contracts::ids::ChequeHash;
use contracts::money::BillMoney;
use std::cmp::Reverse;

/// Breaks ties between equal remainders: pseudo-random, but always the same for one cheque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed of a cheque.
    ///
    /// Source: FNV-1a, 64 bits.
    pub fn of(hash: &ChequeHash) -> Self {
        let step = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(hash.as_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step))
    }

    /// Another seed for each number: of several things that are divided among the same people, not all odd units go to the
    /// same one.
    #[must_use]
    pub fn with(self, number: u32) -> Self {
        let step = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(number.to_le_bytes().into_iter().fold(self.0, step))
    }

    /// The rank of a slot among slots with equal remainders.
    ///
    /// Unlike a rotation by the number of slots, it does not change when a participant joins.
    ///
    /// Source: the output step of `SplitMix64`.
    fn rank(self, slot: usize) -> u64 {
        let mixed = self.0.wrapping_add((slot as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Divides `amount` in proportion to `weights`: the results add up to `amount`, and each is less than one thousandth
/// away from its exact share.
///
/// A weight of 0 gets nothing; if all weights are 0, the first slot gets everything. A negative amount is divided like
/// its absolute value. `weights` must not be empty.
///
/// ```
/// use contracts::{ids::ChequeHash, money::BillMoney};
/// use router_service::domain::apportion::{Seed, apportion};
/// let seed = Seed::of(&ChequeHash::from_random([0; 22]));
/// let parts = apportion(BillMoney::from_thousandths(100), &[2, 1], seed);
/// assert_eq!(parts, [BillMoney::from_thousandths(67), BillMoney::from_thousandths(33)]);
/// ```
pub fn apportion(amount: BillMoney, weights: &[u64], seed: Seed) -> Vec<BillMoney> {
    if amount < BillMoney::ZERO {
        let parts = apportion(BillMoney::from_thousandths(amount.thousandths().saturating_neg()), weights, seed);
        return parts.into_iter().map(BillMoney::negated).collect();
    }
    // An amount has 63 bits and a weight 64: their product fits into 127.
    let exact: Vec<i128> =
        weights.iter().map(|weight| i128::from(amount.thousandths()) * i128::from(*weight)).collect();
    let denominator = weights.iter().map(|weight| i128::from(*weight)).sum::<i128>().max(1);
    round_to(amount, &exact, denominator, seed)
}

/// Rounds the shares `exact[i] / denominator`, in units of any size, to whole ones that add up to `total`.
///
/// If the exact shares add up to `total`, each result is less than one unit away from its share. If their sum differs
/// slightly, because others have settled with rounded dues, the slots with the largest (or smallest) remainders carry
/// the difference, and no share goes below zero while another one is positive. A share of exactly 0 stays 0; if all are
/// 0, the first slot gets everything.
pub(super) fn round_to(total: BillMoney, exact: &[i128], denominator: i128, seed: Seed) -> Vec<BillMoney> {
    let mut shares: Vec<i128> = exact.iter().map(|share| share.div_euclid(denominator)).collect();
    let mut queue: Vec<usize> = (0..exact.len()).filter(|slot| exact[*slot] != 0).collect();
    queue.sort_by_key(|slot| (Reverse(exact[*slot].rem_euclid(denominator)), seed.rank(*slot)));
    if queue.is_empty() {
        queue.push(0);
    }
    let odd = i128::from(total.thousandths()) - shares.iter().sum::<i128>();
    if odd >= 0 {
        give(&mut shares, &queue, odd);
    } else {
        take(&mut shares, &queue, -odd);
    }
    shares
        .into_iter()
        .map(|share| BillMoney::from_thousandths(i64::try_from(share).expect("a share of 64 bits has 64")))
        .collect()
}

/// Distributes `units` over the slots in queue order, cyclically.
fn give(shares: &mut [i128], queue: &[usize], units: i128) {
    let slots = queue.len() as i128;
    for (place, slot) in (0..slots).zip(queue) {
        shares[*slot] += units / slots + i128::from(place < units % slots);
    }
}

/// Takes `units` from the slots in reverse queue order, first from slots with a positive share.
fn take(shares: &mut [i128], queue: &[usize], mut units: i128) {
    while units > 0 {
        let before = units;
        for slot in queue.iter().rev() {
            if units > 0 && shares[*slot] > 0 {
                shares[*slot] -= 1;
                units -= 1;
            }
        }
        if units == before {
            // No share is positive any more, so one must go below zero.
            shares[queue[queue.len() - 1]] -= units;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seed() -> impl Strategy<Value = Seed> {
        any::<u64>().prop_map(Seed)
    }

    fn weights() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![Just(0), 1_u64..10, any::<u64>()], 1..20)
    }

    fn minor(parts: &[BillMoney]) -> Vec<i64> {
        parts.iter().map(|part| part.thousandths()).collect()
    }

    #[test]
    fn ten_among_three_is_four_three_three_in_an_order_that_stays() {
        let seed = Seed::of(&ChequeHash::from_random([7; 22]));
        let parts = minor(&apportion(BillMoney::from_thousandths(10), &[1, 1, 1], seed));
        let mut sorted = parts.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [3, 3, 4]);
        assert_eq!(minor(&apportion(BillMoney::from_thousandths(10), &[1, 1, 1], seed)), parts);
        let lucky = parts.iter().position(|part| *part == 4).unwrap();
        let four = minor(&apportion(BillMoney::from_thousandths(1), &[1, 1, 1, 0], seed));
        assert_eq!(four[lucky], 1, "a slot without weight does not move the odd unit");
    }

    #[test]
    fn other_cheques_favour_others() {
        let lucky = |digit| {
            let seed = Seed::of(&ChequeHash::from_random([digit; 22]));
            minor(&apportion(BillMoney::from_thousandths(1), &[1, 1, 1], seed))
                .iter()
                .position(|part| *part == 1)
                .unwrap()
        };
        let winners: std::collections::BTreeSet<usize> = (0..30).map(lucky).collect();
        assert_eq!(winners.len(), 3);
    }

    #[test]
    fn without_any_weight_the_first_slot_gets_everything() {
        assert_eq!(minor(&apportion(BillMoney::from_thousandths(-5), &[0, 0], Seed(1))), [-5, 0]);
    }

    #[test]
    fn an_excess_paid_by_others_reduces_the_positive_shares() {
        // The exact shares add up to 4 units, but only 3 are left.
        let shares = round_to(BillMoney::from_thousandths(3), &[10, 30, 0], 10, Seed(1));
        assert_eq!(shares.iter().map(|share| share.thousandths()).sum::<i64>(), 3);
        assert!(shares.iter().all(|share| share.thousandths() >= 0));
        assert_eq!(minor(&round_to(BillMoney::from_thousandths(-2), &[0, 0], 10, Seed(1))), [-2, 0]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_is_within_a_unit_of_its_share(
            amount in any::<i64>(), weights in weights(), seed in seed(),
        ) {
            let amount = BillMoney::from_thousandths(amount.max(-i64::MAX));
            let parts = apportion(amount, &weights, seed);
            prop_assert_eq!(parts.iter().map(|part| i128::from(part.thousandths())).sum::<i128>(), i128::from(amount.thousandths()));
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            if whole > 0 {
                for (part, weight) in parts.iter().zip(&weights) {
                    let exact = i128::from(amount.thousandths()) * i128::from(*weight);
                    let (floor, remainder) = (exact.div_euclid(whole), exact.rem_euclid(whole));
                    let part = i128::from(part.thousandths());
                    prop_assert!(part == floor || (remainder > 0 && part == floor + 1));
                }
            }
        }

        #[test]
        fn a_larger_weight_never_gets_less(amount in 0..i64::MAX, weights in weights(), seed in seed()) {
            let parts = apportion(BillMoney::from_thousandths(amount), &weights, seed);
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            for (one, heavy) in weights.iter().enumerate() {
                for (other, light) in weights.iter().enumerate() {
                    prop_assert!(heavy <= light || parts[one] >= parts[other]);
                }
            }
        }

        #[test]
        fn reordering_changes_only_which_slot_wins_a_tie(amount in 0..i64::MAX, weights in weights(), seed in seed()) {
            let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            prop_assume!(whole > 0);
            // Pairs of remainder and received odd unit: among equal remainders, it does not matter which one gets it.
            let outcome = |weights: &[u64]| {
                let parts = apportion(BillMoney::from_thousandths(amount), weights, seed);
                let one = |(weight, part): (&u64, BillMoney)| {
                    let exact = i128::from(amount) * i128::from(*weight);
                    (exact.rem_euclid(whole), i128::from(part.thousandths()) - exact.div_euclid(whole))
                };
                let mut outcome: Vec<_> = weights.iter().zip(parts).map(one).collect();
                outcome.sort_unstable();
                outcome
            };
            let mirrored: Vec<u64> = weights.iter().rev().copied().collect();
            prop_assert_eq!(outcome(&weights), outcome(&mirrored));
        }

        #[test]
        fn a_negative_amount_mirrors_the_positive(amount in 0..i64::MAX, weights in weights(), seed in seed()) {
            let positive = apportion(BillMoney::from_thousandths(amount), &weights, seed);
            let negative = apportion(BillMoney::from_thousandths(-amount), &weights, seed);
            prop_assert!(positive.iter().zip(&negative).all(|(one, other)| one.negated() == *other));
        }
    }
}
