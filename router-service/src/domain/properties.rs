//! Invariants that hold for every cheque, for all claims and every order of settlements.

use super::breakdown::Breakdown;
use super::dues::Dues;
use super::fixtures::{split_in, transfer, user};
use super::fraction::Fraction;
use super::method::{BasisPoints, Method, Tip};
use super::negative::Negative;
use super::participant::ParticipantId;
use super::rate::{Conversion, Rate};
use super::refund::Means;
use super::settle::Agreed;
use super::split::Split;
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;
use proptest::prelude::*;

/// Number of participants in a random cheque, including the owner. User `100 + n` is participant `n`.
pub(super) const PARTICIPANTS: u32 = 5;

/// An operation on a cheque.
#[derive(Clone, Debug)]
enum Operation {
    Claim { who: u32, line: usize, numerator: u64, denominator: u64 },
    Settle { who: u32 },
    Cash { who: u32 },
    Unmark { who: u32 },
    Refund { who: u32, all: bool, cash: bool },
    Remove { who: u32 },
    Negative { line: usize, to: usize },
    Complete,
    Fail,
    Join,
}

fn operation() -> impl Strategy<Value = Operation> {
    let claim =
        (1..=PARTICIPANTS, 0..12_usize, 0..=8_u64, 1..=8_u64).prop_map(|(who, line, numerator, denominator)| {
            Operation::Claim { who, line, numerator: numerator.min(denominator), denominator }
        });
    let settlements = prop_oneof![
        (2..=PARTICIPANTS).prop_map(|who| Operation::Settle { who }),
        (2..=PARTICIPANTS).prop_map(|who| Operation::Cash { who }),
        (2..=PARTICIPANTS).prop_map(|who| Operation::Unmark { who }),
        (2..=PARTICIPANTS, any::<bool>(), any::<bool>()).prop_map(|(who, all, cash)| Operation::Refund {
            who,
            all,
            cash
        }),
        (2..=PARTICIPANTS).prop_map(|who| Operation::Remove { who }),
        (0..12_usize, 0..14_usize).prop_map(|(line, to)| Operation::Negative { line, to }),
        Just(Operation::Complete),
        Just(Operation::Fail),
        Just(Operation::Join),
    ];
    prop_oneof![5 => claim, 1 => settlements]
}

/// Lines with realistic prices in smallest units, including free ones and odd ones.
fn lines() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 8 => 1..500_000_i64], 0..12)
}

fn tip() -> impl Strategy<Value = Option<Tip>> {
    prop_oneof![
        Just(None),
        (0..=10_000_i64).prop_map(|points| Some(Tip::Percent(BasisPoints::new(points).unwrap()))),
        (0..100_000_i64).prop_map(|minor| Some(Tip::Amount(BillMoney::from_thousandths(minor)))),
    ]
}

/// Lines of which some are negative: taken back, or a discount.
pub(super) fn signed_lines() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 1 => -100_000..0_i64, 5 => 1..500_000_i64], 0..12)
}

/// Currencies with 2, 0 and 3 decimals, that of the accounts, and one whose bills had more decimals in earlier releases. With
/// the unit of the amounts in thousandths, and the least rate.
const CURRENCIES: [(Option<&str>, i64, i64); 5] =
    [(Some("RUB"), 10, 1), (Some("JPY"), 1_000, 1), (Some("KWD"), 1, 250), (None, 10, 1), (Some("JPY"), 10, 1)];

/// A cheque without claims. It may not add up; its owner confirmed it.
fn table() -> impl Strategy<Value = Split> {
    table_of(lines())
}

pub(super) fn table_of(lines: impl Strategy<Value = Vec<i64>>) -> impl Strategy<Value = Split> {
    let taken_off = prop_oneof![Just(0), 0..20_000_i64];
    let extras = (0..50_000_i64, taken_off, 0..20_000_i64, -50..100_i64, -2_500..5_000_i64);
    (lines, extras, tip(), any::<[u8; 22]>()).prop_map(|(lines, extras, tip, digits)| {
        let (service, discount, tax, rounding, difference) = extras;
        let (currency, unit, least_rate) = CURRENCIES[usize::from(digits[0]) % CURRENCIES.len()];
        let money = |units: i64| BillMoney::from_thousandths(units * unit);
        let mut table = split_in(unit, &lines);
        table.hash = contracts::ids::ChequeHash::from_random(digits);
        table.cheque.currency = currency.map(str::to_owned);
        table.rate = Rate::from_millionths(least_rate * 1_000_000 + i64::from(digits[1]) * 10_000).ok();
        table.cheque.service = Some(money(service));
        table.cheque.discount = Some(money(discount));
        table.cheque.tax = Some(money(tax));
        table.cheque.rounding = Some(money(rounding));
        let parts = lines.iter().sum::<i64>() + service - discount + tax + rounding;
        table.cheque.total_account = Some(money((parts + difference).max(0)));
        table.cheque.recompute_status();
        table.confirmed = true;
        table.tip = tip.map(|tip| match tip {
            Tip::Amount(units) => Tip::Amount(money(units.thousandths())),
            Tip::Percent(_) => tip,
        });
        (2..=PARTICIPANTS).fold(table, |table, id| table.with_user(i64::from(100 + id)))
    })
}

/// A cheque with any of the methods.
fn divided_table() -> impl Strategy<Value = Split> {
    divided(table())
}

pub(super) fn divided(table: impl Strategy<Value = Split>) -> impl Strategy<Value = Split> {
    (table, 0..5_usize, prop::collection::vec(0..=1000_u32, PARTICIPANTS as usize)).prop_map(
        |(table, method, weights)| {
            let ids = (1..=PARTICIPANTS).map(ParticipantId);
            let method = match method {
                0 => Method::Items,
                1 => Method::Equal,
                2 => Method::Shares(ids.zip(weights.iter().map(|weight| weight + 1)).collect()),
                3 => {
                    Method::Percent(ids.zip(parts_of(10_000, &weights)).map(|(id, part)| (id, points(part))).collect())
                }
                _ => {
                    let unit = unit(&table);
                    let parts = parts_of(table.total().thousandths().max(0) / unit, &weights);
                    let parts = parts.into_iter().map(|part| BillMoney::from_thousandths(part * unit));
                    Method::Exact(ids.zip(parts).collect())
                }
            };
            table
                .set_method(method.clone(), table.tip)
                .ok()
                .flatten()
                .unwrap_or(Split { method: Method::Items, ..table })
        },
    )
}

fn points(part: i64) -> BasisPoints {
    BasisPoints::new(part).unwrap()
}

/// Divides `whole` into parts with approximately these weights.
fn parts_of(whole: i64, weights: &[u32]) -> Vec<i64> {
    let sum: i64 = weights.iter().map(|weight| i64::from(*weight)).sum::<i64>().max(1);
    let mut parts: Vec<i64> = weights.iter().map(|weight| whole * i64::from(*weight) / sum).collect();
    parts[0] += whole - parts.iter().sum::<i64>();
    parts
}

/// The cheque after an operation; unchanged if the operation is refused.
fn after(table: &Split, operation: &Operation, number: u128) -> Split {
    let pending = table.participants.iter().find_map(|one| one.settlement.pending()).map(|last| last.transfer_id);
    let version = table.version;
    let changed = match *operation {
        Operation::Claim { who, line, numerator, denominator } => {
            let line = table.cheque.products.get(line).map_or(0, |line| line.id);
            let part = Fraction::new(numerator, denominator).unwrap();
            let who = table.participant(ParticipantId(who));
            who.and_then(|who| table.claim(who.id, line, part).ok().flatten())
        }
        Operation::Settle { who } => table
            .settle(user(i64::from(100 + who)), None, Agreed::Version(version), "RUB", transfer(number))
            .ok()
            .map(|(table, _)| table),
        Operation::Cash { who } => table.paid_cash(ParticipantId(who), Agreed::Version(version)).ok(),
        Operation::Unmark { who } => table.unmark_cash(ParticipantId(who)).ok(),
        Operation::Refund { who, all, cash } => table.participant(ParticipantId(who)).and_then(|one| {
            let amount = if all { one.settlement.paid() } else { table.to_pay(&table.dues(), one).negated() };
            let means = if cash { Means::Cash } else { Means::Balance { conversion: Some(Conversion::Same) } };
            table.refund(one.id, amount, means, transfer(number)).ok().map(|(table, _)| table)
        }),
        Operation::Remove { who } => table.remove(ParticipantId(who)).ok(),
        Operation::Negative { line, to } => table.cheque.products.get(line).and_then(|line| {
            let negative = match to {
                0 => None,
                1 => Some(Negative::Claimed),
                to => table.cheque.products.get(to - 2).map(|target| Negative::Line(target.id)),
            };
            table.set_negative(line.id, negative).ok().flatten()
        }),
        Operation::Complete => pending.and_then(|id| table.transfer_completed(id)),
        Operation::Fail => pending.and_then(|id| table.transfer_failed(id, RefusalReason::InsufficientFunds)),
        Operation::Join => Some(table.clone().with_user(1_000 + i64::try_from(number).unwrap())),
    };
    changed.unwrap_or_else(|| table.clone())
}

/// In which steps, in thousandths, the cheque is divided.
pub(super) fn unit(table: &Split) -> i64 {
    table.unit_of(&table.parts())
}

pub(super) fn sum(dues: &Dues) -> i64 {
    dues.unclaimed.thousandths() + dues.of.values().map(|due| due.due().thousandths()).sum::<i64>()
}

/// A participant's exact claims, in thousandths times 840, which is divisible by every denominator up to 8.
fn claimed(table: &Split, who: ParticipantId) -> i128 {
    let of_one = table.claims.iter().filter(|((_, claimant), _)| *claimant == who);
    of_one
        .map(|((line, _), part)| {
            let total = table.line(*line).and_then(|line| line.total).map_or(0, BillMoney::thousandths);
            i128::from(total) * i128::from(part.numerator()) * 840 / i128::from(part.denominator())
        })
        .sum()
}

/// Whether an amount is a whole number of the smallest unit of the currency, or the bill itself is not.
fn is_payable_in_its_currency(table: &Split, amount: BillMoney) -> bool {
    !table.cheque.fits_currency() || contracts::currency::fits(amount, table.cheque.currency.as_deref())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_global_rejects: 50_000, ..ProptestConfig::default() })]

    #[test]
    fn dues_and_the_unclaimed_amount_always_add_up_to_the_total(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number);
            let dues = table.dues();
            prop_assert_eq!(sum(&dues), table.total().thousandths(), "after {:?}", operation);
            prop_assert_eq!(dues.total, table.total());
            for due in dues.of.values() {
                prop_assert!(is_payable_in_its_currency(&table, due.due()), "{} after {:?}", due.due(), operation);
            }
        }
    }

    #[test]
    fn what_was_paid_changes_by_own_payments_and_refunds_only(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            let before = table.clone();
            table = after(&table, operation, number);
            for one in &before.participants {
                let paid = table.participant(one.id).map(|after| after.settlement.paid());
                let moves = matches!(operation,
                    Operation::Cash { who } | Operation::Unmark { who } | Operation::Refund { who, .. } if ParticipantId(*who) == one.id);
                let completed = matches!(operation, Operation::Complete) && one.settlement.pending().is_some();
                let left = paid.is_none() && !one.settlement.is_started();
                prop_assert!(moves || completed || left || paid == Some(one.settlement.paid()), "{} after {:?}", one.id, operation);
            }
        }
    }

    #[test]
    fn with_items_nobody_who_has_paid_is_asked_again(
        table in table_of(signed_lines()), operations in prop::collection::vec(operation(), 0..40),
    ) {
        // Without lines to claim all is divided equally, so that everybody who joins changes it.
        prop_assume!(table.claimable_lines().next().is_some());
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number);
            let dues = table.dues();
            for one in table.participants.iter().filter(|one| one.settlement.is_started() && one.settlement.pending().is_none()) {
                prop_assert_eq!(table.to_pay(&dues, one), BillMoney::ZERO, "{} after {:?}", one.id, operation);
            }
        }
    }

    #[test]
    fn never_is_more_collected_than_the_bill_and_settled_means_that_every_due_is_zero(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..60),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number);
            let dues = table.dues();
            prop_assert!(table.collected() <= dues.total.max(BillMoney::ZERO), "after {:?}", operation);
            if table.is_settled(&dues) {
                let paid: i64 = table.participants.iter().map(|one| one.settlement.paid().thousandths()).sum();
                let own = dues.of(ParticipantId::OWNER).due().thousandths();
                prop_assert_eq!(paid + own, dues.total.thousandths(), "the owner has what the others ate");
                prop_assert!(table.participants.iter().all(|one| table.to_pay(&dues, one) == BillMoney::ZERO));
            }
        }
    }

    #[test]
    fn without_discounts_no_due_is_negative(
        table in divided_table(), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let parts = table.parts();
        let taken_off = parts.signed().iter().any(|part| *part < 0);
        prop_assume!(!taken_off);
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number);
            let dues = table.dues();
            prop_assert!(dues.unclaimed >= BillMoney::ZERO, "after {:?}", operation);
            prop_assert!(dues.of.values().all(|due| due.due() >= BillMoney::ZERO), "after {:?}", operation);
        }
    }

    #[test]
    fn no_part_of_a_due_has_the_opposite_sign_of_the_whole_part(
        table in divided_table(), operations in prop::collection::vec(operation(), 0..20),
    ) {
        let claims = operations.iter().filter(|operation| matches!(operation, Operation::Claim { .. }));
        let table = claims.fold(table, |table, operation| after(&table, operation, 0));
        let all = table.parts().signed();
        for due in table.dues().of.values() {
            prop_assert!(due.signed().iter().zip(&all).all(|(mine, all)| *mine == 0 || mine.signum() == all.signum()));
        }
    }

    #[test]
    fn every_part_adds_up_too(table in divided_table(), operations in prop::collection::vec(operation(), 0..20)) {
        let table = operations.iter().zip(1..).fold(table, |table, (operation, number)| after(&table, operation, number));
        let dues = table.dues();
        let all = dues.of.values().fold(Breakdown::default(), |sum, due| sum.plus(due));
        prop_assert_eq!(table.parts().less(&all).due(), dues.unclaimed);
        match table.method {
            Method::Items => {}
            // The owner never settles, so every part always has an open slot.
            Method::Equal => prop_assert_eq!(all, table.parts()),
            Method::Shares(_) | Method::Percent(_) | Method::Exact(_) => {
                prop_assert_eq!(dues.unclaimed, BillMoney::ZERO, "with these methods nothing stays unclaimed");
            }
        }
    }

    #[test]
    fn without_settlements_every_due_is_within_a_unit_of_its_exact_lines(
        table in table(), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let claims = operations.iter().filter(|operation| matches!(operation, Operation::Claim { .. }));
        let table = claims.fold(table, |table, operation| after(&table, operation, 0));
        let (dues, unit) = (table.dues(), i128::from(unit(&table)));
        let parts = table.parts();
        let (items, extras) = (parts.items.thousandths(), parts.due().thousandths() - parts.items.thousandths());
        for (id, due) in &dues.of {
            let off = i128::from(due.items.thousandths()) * 840 - claimed(&table, *id);
            prop_assert!(off.abs() < 840 * unit, "the lines of {} are off by {}/840 thousandths", id, off);
            // Service, tax, tip and the other extras together are in proportion to the rounded lines.
            let mine = i128::from(due.due().thousandths() - due.items.thousandths());
            let exact = i128::from(extras) * i128::from(due.items.thousandths());
            prop_assert!((mine * i128::from(items) - exact).abs() < i128::from(items.max(1)) * unit, "extras of {}", id);
        }
    }

    #[test]
    fn without_settlements_every_due_is_within_a_unit_of_its_weight(table in divided_table()) {
        let weight = |id: ParticipantId| -> i128 {
            match &table.method {
                Method::Items => 0,
                Method::Equal => 1,
                Method::Shares(shares) => shares.get(&id).copied().unwrap_or(0).into(),
                Method::Percent(percents) => percents.get(&id).map_or(0, |part| part.get().into()),
                Method::Exact(amounts) => amounts.get(&id).map_or(0, |amount| amount.thousandths().into()),
            }
        };
        let all: i128 = table.participants.iter().map(|one| weight(one.id)).sum();
        prop_assume!(all > 0);
        let (dues, unit) = (table.dues(), i128::from(unit(&table)));
        for (id, due) in &dues.of {
            let off = i128::from(due.due().thousandths()) * all - i128::from(dues.total.thousandths()) * weight(*id);
            prop_assert!(off.abs() < all * unit);
            prop_assert!(weight(*id) > 0 || due.due() == BillMoney::ZERO, "a participant without a share pays nothing");
        }
        prop_assert_eq!(dues.unclaimed, BillMoney::ZERO);
    }

    #[test]
    fn claiming_more_never_lowers_the_own_due_nor_raises_others(
        table in table(), operations in prop::collection::vec(operation(), 0..20),
        who in 1..=PARTICIPANTS, line in 0..12_usize,
    ) {
        let claims = operations.iter().filter(|operation| matches!(operation, Operation::Claim { .. }));
        let before = claims.fold(table, |table, operation| after(&table, operation, 0));
        prop_assume!(before.parts().due() >= before.parts().items, "a discount can make more lines cost less");
        let who = ParticipantId(who);
        let line = before.cheque.products.get(line).map_or(0, |line| line.id);
        let had = before.claims.get(&(line, who)).copied().unwrap_or(Fraction::ZERO);
        let Some(all) = had.plus(before.left_of(line)) else { return Ok(()) };
        let Ok(Some(more)) = before.claim(who, line, all) else { return Ok(()) };
        let (old, new) = (before.dues(), more.dues());
        prop_assert!(new.of(who).due() >= old.of(who).due());
        let (parts, unit) = (before.parts(), unit(&before));
        let items = parts.items.thousandths() / unit;
        let extras = parts.due().thousandths() / unit - items;
        for (id, due) in &new.of {
            // The odd unit may move: the lines of another are rounded by less than a unit before and after, so that they
            // rise by one at most; the extras follow the rounded lines, which a tip of 90 % makes almost another one,
            // and are rounded twice as well.
            let rise = (due.due().thousandths() - old.of(*id).due().thousandths()) / unit;
            let odd = rise <= 0 || (i128::from(rise) - 3) * i128::from(items.max(1)) < i128::from(extras);
            prop_assert!(*id == who || odd, "{} pays {} more", id, rise);
        }
    }

    #[test]
    fn the_order_in_which_lines_are_taken_does_not_matter(
        table in table(), operations in prop::collection::vec(operation(), 0..20),
    ) {
        let claims = operations.iter().filter(|operation| matches!(operation, Operation::Claim { .. }));
        let taken = claims.fold(table.clone(), |table, operation| after(&table, operation, 0));
        let again = taken.claims.iter().rev().fold(table, |table, ((line, who), part)| table.claimed(*who, *line, *part));
        prop_assert_eq!(taken.dues(), again.dues());
    }

    #[test]
    fn when_all_is_taken_and_paid_the_cheque_is_settled(table in divided_table(), cash in any::<[bool; 5]>()) {
        let mut table = table;
        for line in table.cheque.products.clone() {
            let who = ParticipantId(line.id % PARTICIPANTS + 1);
            table = table.claimed(who, line.id, Fraction::WHOLE);
        }
        for who in 2..=PARTICIPANTS {
            let settled = if cash[who as usize - 1] {
                table.paid_cash(ParticipantId(who), Agreed::Version(table.version)).ok()
            } else {
                let id = transfer(who.into());
                let asked = table.settle(user(i64::from(100 + who)), None, Agreed::Version(table.version), "RUB", id).ok();
                asked.and_then(|(table, _)| table.transfer_completed(id))
            };
            table = settled.unwrap_or(table);
        }
        let dues = table.dues();
        prop_assert_eq!(dues.unclaimed, BillMoney::ZERO);
        prop_assert!(table.is_settled(&dues));
    }
}
