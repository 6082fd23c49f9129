//! What each participant owes. All dues plus the unclaimed amount always add up to the total.

use super::apportion::{Seed, apportion, round_to};
use super::breakdown::Breakdown;
use super::method::Method;
use super::participant::{Participant, ParticipantId};
use super::split::Split;
use contracts::currency::smallest_unit;
use contracts::money::BillMoney;
use std::collections::BTreeMap;

/// Slot 0 is the unclaimed amount, and the owner is the first participant, whose due is always open.
const OWNER_SLOT: usize = 1;

/// What each participant owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dues {
    /// The sum of all dues and the unclaimed amount, including the tip.
    pub total: BillMoney,
    /// The amount that is not claimed.
    pub unclaimed: BillMoney,
    /// Each participant's due, by parts.
    pub of: BTreeMap<ParticipantId, Breakdown>,
}

impl Dues {
    /// The due of a participant; zero for an unknown one.
    pub fn of(&self, id: ParticipantId) -> Breakdown {
        self.of.get(&id).copied().unwrap_or_default()
    }
}

impl Split {
    /// Computes each participant's part, independent of payments.
    ///
    /// - `items`: participants pay for the lines they claimed, exact to a hundredth of a line and rounded once.
    ///   Service, discount, tax, tip, rounding and difference are divided in proportion to the positive part of these
    ///   sums. The unclaimed lines get their share of them too. If no line has an amount, they are divided in proportion
    ///   to the claimed lines, and without lines equally.
    /// - `equal`, `shares`, `percent`: in proportion to the weights. Nothing stays unclaimed.
    /// - `exact`: the agreed amounts. If the cheque was corrected afterwards and the amounts are too low, the rest is
    ///   unclaimed; if they are too high, they are reduced in proportion. No due can be paid until they add up to the
    ///   total.
    ///
    /// A due is within one smallest unit of the currency of its exact share. With `items` this holds for the lines, and for the extras in
    /// proportion to the rounded lines. Who has paid an amount that differs from their share by rounding only is not
    /// asked for the odd unit: the others carry it. A due is negative only if a negative line outweighs the
    /// participant's claims.
    pub fn dues(&self) -> Dues {
        let computed = self.dues_with(&BTreeMap::new());
        let tolerance = self.rounding_tolerance() * smallest_unit(self.cheque.currency.as_deref());
        let paid_about = |participant: &Participant| {
            let expected = participant.settlement.expected().thousandths() + participant.advance.thousandths();
            let due = computed.of(participant.id);
            let off = expected - due.due().thousandths();
            let has_paid = participant.id != ParticipantId::OWNER && participant.settlement.is_started();
            let is_rounding = has_paid && off.abs() <= tolerance;
            is_rounding.then(|| (participant.id, due.with_more(off)))
        };
        let fixed: BTreeMap<ParticipantId, Breakdown> = self.participants.iter().filter_map(paid_about).collect();
        if fixed.iter().all(|(id, due)| computed.of(*id) == *due) { computed } else { self.dues_with(&fixed) }
    }

    /// Whether everything is covered: nothing is unclaimed, and no participant has to pay or is owed anything, except
    /// where it counts in a group.
    ///
    /// A cheque with no participant besides the owner is not settled.
    pub fn is_settled(&self, dues: &Dues) -> bool {
        let mut others = self.participants.iter().filter(|other| other.id != ParticipantId::OWNER).peekable();
        let shared = others.peek().is_some();
        let covered = |other: &Participant| {
            let is_open = self.to_pay(dues, other) != BillMoney::ZERO && !self.in_group.contains(&other.id);
            !other.settlement.is_moving() && !is_open
        };
        shared && self.is_payable() && dues.unclaimed == BillMoney::ZERO && others.all(covered)
    }

    /// The dues when those in `fixed` have these, and the others share the rest.
    fn dues_with(&self, fixed: &BTreeMap<ParticipantId, Breakdown>) -> Dues {
        let parts = self.parts();
        let rest = fixed.values().fold(parts, |rest, due| rest.less(due));
        let unit = self.unit_of(&rest);
        let rest = Breakdown::from_signed(rest.signed().map(|part| part / unit));
        let open: BTreeMap<ParticipantId, usize> = self
            .participants
            .iter()
            .zip(1..)
            .filter(|(participant, _)| !fixed.contains_key(&participant.id))
            .map(|(participant, slot)| (participant.id, slot))
            .collect();
        let slots = match &self.method {
            Method::Items => self.by_items(rest, &open, unit),
            Method::Equal | Method::Shares(_) | Method::Percent(_) | Method::Exact(_) => {
                spread(&rest.signed(), &self.weights(rest.due(), &open, unit), self.seed())
            }
        };
        let mut slots = slots.into_iter().map(|slot| slot.map(|part| part * unit));
        let unclaimed = slots.next().map_or(BillMoney::ZERO, |untaken| Breakdown::from_signed(untaken).due());
        let due = |(participant, open): (&Participant, [i64; 7])| {
            let due = fixed.get(&participant.id).copied().unwrap_or_else(|| Breakdown::from_signed(open));
            (participant.id, due)
        };
        Dues { total: parts.due(), unclaimed, of: self.participants.iter().zip(slots).map(due).collect() }
    }

    /// By how many smallest units of the currency a due can change when only others change. The weights of `items` are rounded lines, so
    /// that an odd unit there moves a part of the extras too.
    fn rounding_tolerance(&self) -> i64 {
        let parts = self.parts();
        match self.method {
            Method::Items if parts.items > BillMoney::ZERO => {
                let extras = parts.due().thousandths() - parts.items.thousandths();
                2 + extras.abs() / parts.items.thousandths()
            }
            Method::Items | Method::Equal | Method::Shares(_) | Method::Percent(_) | Method::Exact(_) => 1,
        }
    }

    /// In steps of how many thousandths the dues are divided: see [`Split::step_of`].
    pub(super) fn unit_of(&self, rest: &Breakdown) -> i64 {
        let lines = self.claimable_lines().map(|(_, amount)| amount.thousandths());
        self.step_of(&rest.signed().into_iter().chain(lines).collect::<Vec<i64>>())
    }

    /// Divides `rest` by slots: slot 0 is the unclaimed amount, then the participants in order. Only slots in `open` get
    /// something. `rest` and the result are in units of `unit` thousandths.
    fn by_items(&self, rest: Breakdown, open: &BTreeMap<ParticipantId, usize>, unit: i64) -> Vec<[i64; 7]> {
        let denominator = self.common_denominator().expect("a claim that makes it too large is refused");
        let slots = self.participants.len() + 1;
        let lines: BTreeMap<u32, i128> =
            self.claimable_lines().map(|(line, amount)| (line, (amount.thousandths() / unit).into())).collect();
        let unclaimed = lines.keys().map(|line| (*line, 0, self.left_of(*line)));
        let claimed = self.claims.iter().filter_map(|((line, who), part)| Some((*line, *open.get(who)?, *part)));
        // Over the common denominator: the lines of a slot, their positive part, and how many lines they are.
        let (mut exact, mut positive, mut count) = (vec![0_i128; slots], vec![0_i128; slots], vec![0_i128; slots]);
        for (line, slot, part) in unclaimed.chain(claimed) {
            let Some(amount) = lines.get(&line) else { continue };
            let part = signed(part.over(denominator));
            exact[slot] += amount * part;
            positive[slot] += amount.max(&0) * part;
            count[slot] += part;
        }
        let denominator = signed(denominator);
        let mut items = vec![BillMoney::ZERO; slots];
        if exact.iter().all(|exact| *exact == 0) {
            items[OWNER_SLOT] = rest.items;
        } else {
            items = round_to(rest.items, &exact, denominator, self.seed());
        }
        // A negative line earns no refund of service or tax. Without negative lines the weights are the rounded lines.
        let weights = if exact == positive {
            items.clone()
        } else {
            let sum = positive.iter().sum::<i128>() / denominator;
            let sum = BillMoney::from_thousandths(i64::try_from(sum).expect("lines are bounded"));
            round_to(sum, &positive, denominator, self.seed())
        };
        let mut weights: Vec<u64> = weights.iter().map(|items| items.thousandths().max(0).unsigned_abs()).collect();
        if weights.iter().all(|weight| *weight == 0) {
            let millionths = |count: &i128| u64::try_from(count * 1_000_000 / denominator).unwrap_or(u64::MAX);
            weights = count.iter().map(millionths).collect();
        }
        if weights.iter().all(|weight| *weight == 0) {
            let equally: Vec<usize> =
                if lines.is_empty() { open.values().copied().collect() } else { vec![OWNER_SLOT] };
            for slot in equally {
                weights[slot] = 1;
            }
        }
        let [_, extras @ ..] = rest.signed();
        let spread = spread(&extras, &weights, self.seed());
        let join = |(items, [service, discount, tax, tip, rounding, difference]): (&BillMoney, [i64; 6])| {
            [items.thousandths(), service, discount, tax, tip, rounding, difference]
        };
        items.iter().zip(spread).map(join).collect()
    }

    /// Weights by slots, for every method except `items`; slots that are not open have weight 0.
    fn weights(&self, rest: BillMoney, open: &BTreeMap<ParticipantId, usize>, unit: i64) -> Vec<u64> {
        let mut weights = vec![0; self.participants.len() + 1];
        for (id, slot) in open {
            weights[*slot] = match &self.method {
                Method::Items | Method::Equal => 1,
                Method::Shares(shares) => shares.get(id).copied().unwrap_or(0).into(),
                Method::Percent(percents) => percents.get(id).map_or(0, |percent| percent.get().into()),
                Method::Exact(amounts) => {
                    amounts.get(id).map_or(0, |amount| amount.thousandths().max(0).unsigned_abs())
                }
            };
        }
        if let Method::Exact(_) = self.method {
            let total_agreed: u64 = weights.iter().sum();
            weights[0] = (rest.thousandths() * unit).max(0).unsigned_abs().saturating_sub(total_agreed);
        }
        weights
    }

    fn seed(&self) -> Seed {
        Seed::of(&self.hash)
    }
}

/// Divides several parts by the same weights. Each part adds up, and the sum of all parts of a slot is within one
/// unit of its exact share, because the running sums are rounded instead of the single parts.
fn spread<const PARTS: usize>(parts: &[i64; PARTS], weights: &[u64], seed: Seed) -> Vec<[i64; PARTS]> {
    let mut slots = vec![[0; PARTS]; weights.len()];
    let mut sum = 0;
    let mut before = vec![BillMoney::ZERO; weights.len()];
    for (part, amount) in parts.iter().enumerate() {
        sum += amount;
        let until = apportion(BillMoney::from_thousandths(sum), weights, seed);
        for (slot, (until, before)) in slots.iter_mut().zip(until.iter().zip(&before)) {
            slot[part] = until.thousandths() - before.thousandths();
        }
        before = until;
    }
    fix_signs(&mut slots, parts);
    slots
}

/// Rounding the running sums can leave a slot with one unit of the wrong sign, such as a negative service charge. Swaps
/// such a unit with a unit of another part and another slot, which preserves the sums of parts and slots.
fn fix_signs<const PARTS: usize>(slots: &mut [[i64; PARTS]], parts: &[i64; PARTS]) {
    let is_right = |part: usize, amount: i64| amount == 0 || amount.signum() == parts[part].signum();
    for slot in 0..slots.len() {
        for part in 0..PARTS {
            while !is_right(part, slots[slot][part]) {
                let unit = -slots[slot][part].signum();
                let fits = |(other, exchange): &(usize, usize)| {
                    *other != slot
                        && *exchange != part
                        && is_right(part, slots[*other][part] - unit)
                        && is_right(*exchange, slots[slot][*exchange] - unit)
                        && is_right(*exchange, slots[*other][*exchange] + unit)
                };
                let mut pairs = (0..slots.len()).flat_map(|other| (0..PARTS).map(move |exchange| (other, exchange)));
                let Some((other, exchange)) = pairs.find(fits) else { break };
                slots[slot][part] += unit;
                slots[other][part] -= unit;
                slots[slot][exchange] -= unit;
                slots[other][exchange] += unit;
            }
        }
    }
}

fn signed(number: u128) -> i128 {
    i128::try_from(number).expect("at most 10^18")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split};
    use crate::domain::fraction::Fraction;
    use crate::domain::method::{BasisPoints, Tip};

    fn yen(lines: &[i64]) -> Split {
        let mut yen = split(lines).with_guests(2);
        yen.cheque.currency = Some("JPY".into());
        yen
    }

    #[test]
    fn a_currency_without_decimals_is_divided_in_whole_units() {
        let equal = Split { method: Method::Equal, ..yen(&[100_000]) };
        let mut dues: Vec<i64> = equal.dues().of.values().map(|due| due.due().hundredths()).collect();
        dues.sort_unstable();
        assert_eq!(dues, [33_300, 33_300, 33_400], "1000 yen");
        let third = Fraction::new(1, 3).unwrap();
        let by_items = (1..=3).fold(yen(&[100_000]), |split, id| split.claimed(ParticipantId(id), 1, third));
        let tip = Split { tip: Some(Tip::Percent(BasisPoints::new(1_234).unwrap())), ..by_items };
        assert_eq!(tip.total().hundredths(), 112_300, "a tip of 123.4 yen is 123");
        assert!(tip.dues().of.values().all(|due| due.due().hundredths() % 100 == 0));
        assert_eq!(tip.dues().unclaimed, BillMoney::ZERO);
    }

    #[test]
    fn a_bill_with_fractions_is_divided_exactly_all_the_same() {
        let equal = Split { method: Method::Equal, ..yen(&[100_050]) };
        assert_eq!(equal.dues().of.values().map(|due| due.due().hundredths()).sum::<i64>(), 100_050);
    }
}
