//! What each participant owes. All dues plus the unclaimed amount always add up to the total.

use super::apportion::{Seed, apportion, round_to};
use super::breakdown::Breakdown;
use super::method::Method;
use super::participant::{Participant, ParticipantId};
use super::split::Split;
use contracts::money::Money;
use std::collections::BTreeMap;

/// What each participant owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dues {
    /// The sum of all dues and the unclaimed amount, including the tip.
    pub total: Money,
    /// The amount that is not claimed.
    pub unclaimed: Money,
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
    /// Computes what each participant owes.
    ///
    /// A participant who has settled or is settling keeps their due of that time. The remainder of each part is divided
    /// among the others:
    ///
    /// - `items`: participants pay for the lines they claimed, exact to a hundredth of a line and rounded once.
    ///   Service, discount, tax, tip, rounding and difference are divided in proportion to these sums. The unclaimed
    ///   lines get their share of them too; if no line has an amount, everything is unclaimed.
    /// - `equal`, `shares`, `percent`: in proportion to the weights. Nothing stays unclaimed.
    /// - `exact`: the agreed amounts. If the cheque was corrected afterwards and the amounts are too low, the rest is
    ///   unclaimed; if they are too high, they are reduced in proportion. No due can be paid until they add up to the
    ///   total.
    ///
    /// As long as no participant has settled, a due is within one minor unit of its exact share. With `items` this holds
    /// for the lines, and for the extras in proportion to the rounded lines. A due is negative only if a discount or a
    /// negative line outweighs the participant's claims.
    pub fn dues(&self) -> Dues {
        let parts = self.parts();
        let frozen = self.participants.iter().filter_map(|participant| participant.settlement.frozen());
        let rest = frozen.fold(parts, |rest, settled| rest.less(settled));
        let slots = match &self.method {
            Method::Items => self.by_items(rest),
            Method::Equal | Method::Shares(_) | Method::Percent(_) | Method::Exact(_) => {
                spread(&rest.signed(), &self.weights(rest.due()), self.seed())
            }
        };
        let mut slots = slots.into_iter();
        let unclaimed = slots.next().map_or(Money::ZERO, |untaken| Breakdown::from_signed(untaken).due());
        let due = |(participant, open): (&Participant, [i64; 7])| {
            let due = participant.settlement.frozen().copied().unwrap_or_else(|| Breakdown::from_signed(open));
            (participant.id, due)
        };
        Dues { total: parts.due(), unclaimed, of: self.participants.iter().zip(slots).map(due).collect() }
    }

    /// Whether everything is covered: nothing is unclaimed, and all participants except the owner have paid.
    ///
    /// A cheque with no participant besides the owner is not settled.
    pub fn is_settled(&self, dues: &Dues) -> bool {
        let mut others = self.participants.iter().filter(|other| other.id != ParticipantId::OWNER).peekable();
        let shared = others.peek().is_some();
        let covered = |other: &Participant| other.settlement.is_done() || dues.of(other.id).due() <= Money::ZERO;
        shared && self.is_payable() && dues.unclaimed == Money::ZERO && others.all(covered)
    }

    /// Divides `rest` by slots: slot 0 is the unclaimed amount, then the participants in order. Settled ones get
    /// nothing.
    fn by_items(&self, rest: Breakdown) -> Vec<[i64; 7]> {
        let denominator = self.common_denominator().expect("a claim that makes it too large is refused");
        let mut exact = vec![0_i128; self.participants.len() + 1];
        let slot_of: BTreeMap<ParticipantId, usize> = self.open_slots().collect();
        for line in &self.cheque.products {
            let total = i128::from(line.total.unwrap_or(Money::ZERO).minor());
            exact[0] += total * signed(self.left_of(line.id).over(denominator));
        }
        for ((line, who), part) in &self.claims {
            if let Some(slot) = slot_of.get(who) {
                let total = self.line(*line).and_then(|line| line.total).unwrap_or(Money::ZERO);
                exact[*slot] += i128::from(total.minor()) * signed(part.over(denominator));
            }
        }
        let [_, extras @ ..] = rest.signed();
        let items = round_to(rest.items, &exact, signed(denominator), self.seed());
        // A negative sum of lines has weight 0, so that it earns no refund of service or tax.
        let weights: Vec<u64> = items.iter().map(|items| items.minor().max(0).unsigned_abs()).collect();
        let spread = spread(&extras, &weights, self.seed());
        let join = |(items, [service, discount, tax, tip, rounding, difference]): (&Money, [i64; 6])| {
            [items.minor(), service, discount, tax, tip, rounding, difference]
        };
        items.iter().zip(spread).map(join).collect()
    }

    /// Weights by slots, for every method except `items`; settled participants have weight 0.
    fn weights(&self, rest: Money) -> Vec<u64> {
        let mut weights = vec![0; self.participants.len() + 1];
        for (id, slot) in self.open_slots() {
            weights[slot] = match &self.method {
                Method::Items | Method::Equal => 1,
                Method::Shares(shares) => shares.get(&id).copied().unwrap_or(0).into(),
                Method::Percent(percents) => percents.get(&id).map_or(0, |percent| percent.get().into()),
                Method::Exact(amounts) => amounts.get(&id).map_or(0, |amount| amount.minor().max(0).unsigned_abs()),
            };
        }
        if let Method::Exact(_) = self.method {
            let total_agreed: u64 = weights.iter().sum();
            weights[0] = rest.minor().max(0).unsigned_abs().saturating_sub(total_agreed);
        }
        weights
    }

    /// Participants who have not settled, with their slots, from 1.
    fn open_slots(&self) -> impl Iterator<Item = (ParticipantId, usize)> {
        let slots = self.participants.iter().zip(1..);
        slots.filter(|(one, _)| one.settlement.frozen().is_none()).map(|(one, slot)| (one.id, slot))
    }

    fn seed(&self) -> Seed {
        Seed::of(&self.hash)
    }
}

/// Divides several parts by the same weights. Each part adds up, and the sum of all parts of a slot is within one minor
/// unit of its exact share, because the running sums are rounded instead of the single parts.
fn spread<const PARTS: usize>(parts: &[i64; PARTS], weights: &[u64], seed: Seed) -> Vec<[i64; PARTS]> {
    let mut slots = vec![[0; PARTS]; weights.len()];
    let mut sum = 0;
    let mut before = vec![Money::ZERO; weights.len()];
    for (part, amount) in parts.iter().enumerate() {
        sum += amount;
        let until = apportion(Money::from_minor(sum), weights, seed);
        for (slot, (until, before)) in slots.iter_mut().zip(until.iter().zip(&before)) {
            slot[part] = until.minor() - before.minor();
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
