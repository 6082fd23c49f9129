//! Invariants of groups, for expenses, edits, bills with payments and refunds, settlements and leaving in any order.

use super::balances::Balances;
use super::expense::{Entry, Shares};
use super::fixtures::{NOW, entry, group, money, roubles, user};
use super::group::{CountedCheque, Group};
use super::member::MemberId;
use super::settle_up::{Means, SettleUpRefusal, Wanted};
use super::settlement::SettlementState;
use crate::domain::fixtures::{split_in, transfer};
use crate::domain::fraction::Fraction;
use crate::domain::open_pairs::open_pairs;
use crate::domain::participant::ParticipantId;
use crate::domain::rate::Rate;
use crate::domain::refund::{Means as RefundMeans, RefundRefusal};
use crate::domain::settle::{Agreed, CashRefusal, SettleRefusal};
use crate::domain::split::Split;
use contracts::money::{BillAmount, BillMoney};
use contracts::payments::RefusalReason;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Users 1 to 4 are members 1 to 4, and member 5 has no account. On each bill users 2 to 4 are participants 2 to 4,
/// participant 5 is a guest who is member 5, and participant 6 is a guest who is no member.
const MEMBERS: u32 = 5;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Enter { amount: i64, paid_by: u32, weights: [u32; 5], currency: usize, exact: bool },
    Edit { which: usize, amount: i64, paid_by: u32 },
    Delete { which: usize },
    Claim { cheque: usize, who: u32, line: u32, numerator: u64 },
    Count { cheque: usize },
    TakeOut { cheque: usize },
    PayOnBill { cheque: usize, who: u32, cash: bool },
    AnswerOnBill { cheque: usize, who: u32, good: bool },
    Refund { cheque: usize, who: u32, all: bool },
    SettleUp { which: usize, cash: bool },
    Answer { which: usize, good: bool },
    Withdraw { which: usize },
    Leave { who: u32 },
    ComeBack { who: u32 },
}

fn operation() -> impl Strategy<Value = Operation> {
    let (member, cheque) = (1..=MEMBERS, 0..3_usize);
    prop_oneof![
        3 => (1..100_000_i64, member.clone(), prop::array::uniform5(0..4_u32), 0..4_usize, any::<bool>())
            .prop_map(|(amount, paid_by, weights, currency, exact)| Operation::Enter { amount, paid_by, weights, currency, exact }),
        1 => (0..9_usize, 1..100_000_i64, member.clone()).prop_map(|(which, amount, paid_by)| Operation::Edit { which, amount, paid_by }),
        1 => (0..9_usize).prop_map(|which| Operation::Delete { which }),
        4 => (cheque.clone(), 1..=6_u32, 1..=3_u32, 0..=4_u64)
            .prop_map(|(cheque, who, line, numerator)| Operation::Claim { cheque, who, line, numerator }),
        1 => cheque.clone().prop_map(|cheque| Operation::Count { cheque }),
        1 => cheque.clone().prop_map(|cheque| Operation::TakeOut { cheque }),
        2 => (cheque.clone(), 2..=6_u32, any::<bool>()).prop_map(|(cheque, who, cash)| Operation::PayOnBill { cheque, who, cash }),
        1 => (cheque.clone(), 2..=6_u32, any::<bool>()).prop_map(|(cheque, who, good)| Operation::AnswerOnBill { cheque, who, good }),
        1 => (cheque, 2..=6_u32, any::<bool>()).prop_map(|(cheque, who, all)| Operation::Refund { cheque, who, all }),
        3 => (0..9_usize, any::<bool>()).prop_map(|(which, cash)| Operation::SettleUp { which, cash }),
        2 => (0..9_usize, any::<bool>()).prop_map(|(which, good)| Operation::Answer { which, good }),
        1 => (0..9_usize).prop_map(|which| Operation::Withdraw { which }),
        1 => member.clone().prop_map(|who| Operation::Leave { who }),
        1 => member.prop_map(|who| Operation::ComeBack { who }),
    ]
}

/// The group and the three bills, which count in it or not.
struct World {
    group: Group,
    /// The group's own copy is replaced after each step.
    splits: [Split; 3],
    counted: [bool; 3],
    transfers: u128,
}

impl World {
    fn new(lines: [i64; 3]) -> Self {
        let mut group = group(4);
        let person = group.add_person("No account".into()).unwrap();
        group.last_member = person.id;
        group.members.push(person);
        let bill = |currency: &str, rate: Option<i64>| {
            let unit = crate::domain::currency::Currency::new(currency).unwrap().smallest_unit();
            let mut bill = split_in(unit, &lines).with_user(2).with_user(3).with_user(4).with_guests(2);
            bill.cheque.currency = Some(currency.into());
            bill.rate = rate.map(|rate| Rate::from_millionths(rate).unwrap());
            bill
        };
        let splits = [bill("RUB", None), bill("EUR", Some(98_765_432)), bill("KWD", Some(250_123_456))];
        Self { group, splits, counted: [false; 3], transfers: 100 }
    }

    /// What the database does: a bill that counts is read with who is who.
    fn refresh(&mut self) {
        let members: BTreeMap<_, _> = (1..=MEMBERS).map(|id| (ParticipantId(id), MemberId(id))).collect();
        self.group.cheques.clear();
        for (split, counted) in self.splits.iter_mut().zip(self.counted) {
            split.in_group = if counted { members.keys().copied().collect() } else { BTreeSet::new() };
            if counted {
                self.group.cheques.push(CountedCheque {
                    split: split.clone(),
                    added_at: NOW,
                    members: members.clone(),
                });
            }
        }
    }

    fn next_transfer(&mut self) -> contracts::ids::TransferId {
        self.transfers += 1;
        transfer(self.transfers)
    }

    fn run(&mut self, operation: Operation) {
        let expense_at = |group: &Group, which: usize| {
            let count = group.expenses.len();
            (count > 0).then(|| which % count)
        };
        match operation {
            Operation::Enter { amount, paid_by, weights, currency, exact } => {
                let entry = any_entry(amount, paid_by, weights, ["RUB", "EUR", "JPY", "KWD"][currency], exact);
                if let Ok(expense) = self.group.add_expense(MemberId(1), entry, NOW) {
                    self.group.last_expense = expense.id;
                    self.group.expenses.push(expense);
                }
            }
            Operation::Edit { which, amount, paid_by } => {
                let Some(at) = expense_at(&self.group, which) else { return };
                let old = self.group.expenses[at].clone();
                let entry = entry(amount, paid_by, &[1, 2, 3]);
                if let Ok(Some(edited)) = self.group.edit_expense(MemberId(2), old.id, old.revision, entry, NOW) {
                    self.group.expenses[at] = edited;
                }
            }
            Operation::Delete { which } => {
                let Some(at) = expense_at(&self.group, which) else { return };
                self.group.delete_expense(MemberId(2), self.group.expenses[at].id, None, NOW).unwrap();
                self.group.expenses.remove(at);
            }
            Operation::Claim { cheque, who, line, numerator } => {
                let part = Fraction::new(numerator, 4).unwrap();
                self.change(cheque, |split| split.claim(ParticipantId(who), line, part).ok().flatten());
            }
            Operation::Count { cheque } => self.counted[cheque] = true,
            Operation::TakeOut { cheque } => self.counted[cheque] = false,
            Operation::PayOnBill { cheque, who, cash } => self.pay_on_bill(cheque, ParticipantId(who), cash),
            Operation::AnswerOnBill { cheque, who, good } => {
                let settlement = self.splits[cheque].participant(ParticipantId(who)).unwrap().settlement;
                let Some(pending) = settlement.pending() else { return };
                self.change(cheque, |split| {
                    if good {
                        split.transfer_completed(pending.transfer_id)
                    } else {
                        split.transfer_failed(pending.transfer_id, RefusalReason::InsufficientFunds)
                    }
                });
            }
            Operation::Refund { cheque, who, all } => self.refund(cheque, ParticipantId(who), all),
            Operation::SettleUp { which, cash } => self.settle_up(which, cash),
            Operation::Answer { which, good } => {
                let pending = |one: &&mut super::settlement::Settlement| one.state == SettlementState::Pending;
                if let Some(one) = self.group.settlements.iter_mut().filter(pending).nth(which) {
                    let failed = SettlementState::Failed(RefusalReason::InsufficientFunds);
                    one.state = if good { SettlementState::Paid } else { failed };
                }
            }
            Operation::Withdraw { which } => {
                let owner = self.group.member_of(user(1)).unwrap().clone();
                let ids: Vec<_> = self.group.settlements.iter().map(|one| one.id).collect();
                let Some(id) = ids.get(which) else { return };
                if let Ok(withdrawn) = self.group.withdraw(&owner, *id) {
                    assert_eq!(withdrawn.users, None, "a transfer is final");
                    self.group.settlements.retain(|one| one.id != *id);
                }
            }
            Operation::Leave { who } => {
                if self.group.leave(MemberId(who), roubles()).is_ok() {
                    let balances = self.group.balances(roubles());
                    assert!(balances.values().all(|of_currency| !of_currency.contains_key(&MemberId(who))));
                    self.member(who).has_left = true;
                }
            }
            Operation::ComeBack { who } => self.member(who).has_left = false,
        }
    }

    fn member(&mut self, id: u32) -> &mut super::member::Member {
        self.group.members.iter_mut().find(|member| member.id == MemberId(id)).unwrap()
    }

    fn change(&mut self, cheque: usize, operation: impl FnOnce(&Split) -> Option<Split>) {
        if let Some(changed) = operation(&self.splits[cheque]) {
            self.splits[cheque] = changed;
        }
    }

    /// A due that counts in the group is not paid on the bill.
    fn pay_on_bill(&mut self, cheque: usize, who: ParticipantId, cash: bool) {
        let (id, split) = (self.next_transfer(), self.splits[cheque].clone());
        let version = split.version;
        let is_in_group = split.in_group.contains(&who);
        let paid = if cash || who.0 > 4 {
            split
                .paid_cash(who, Agreed::Version(version))
                .map_err(|refusal| refusal == CashRefusal::Settle(SettleRefusal::InGroup))
        } else {
            let settled = split.settle(user(i64::from(who.0)), None, Agreed::Version(version), "RUB", id);
            settled.map(|(split, _)| split).map_err(|refusal| refusal == SettleRefusal::InGroup)
        };
        assert!(!is_in_group || paid == Err(true), "{who} pays twice");
        if let Ok(paid) = paid {
            self.splits[cheque] = paid;
        }
    }

    fn refund(&mut self, cheque: usize, who: ParticipantId, all: bool) {
        let (id, split) = (self.next_transfer(), self.splits[cheque].clone());
        let participant = split.participant(who).unwrap();
        let owed = split.to_pay(&split.dues(), participant).negated();
        let amount = if all { participant.settlement.paid() } else { owed };
        let refunded = split.refund(who, amount, RefundMeans::Cash, id);
        assert!(!split.in_group.contains(&who) || refunded == Err(RefundRefusal::InGroup));
        if let Ok((refunded, _)) = refunded {
            self.splits[cheque] = refunded;
        }
    }

    /// Pays one of the transfers, and then tries to pay it again.
    fn settle_up(&mut self, which: usize, cash: bool) {
        let transfers = Group::transfers(&self.group.balances(roubles()));
        let Some((currency, planned)) = transfers.get(which % transfers.len().max(1)) else { return };
        let owner = self.group.member_of(user(1)).unwrap().clone();
        let caller = if cash { owner } else { self.group.member(planned.from).unwrap().clone() };
        let amount = BillAmount::new(planned.amount).unwrap();
        let means = if cash { Means::Cash } else { Means::Balance };
        let wanted = Wanted { from: Some(planned.from), to: planned.to, currency: *currency, amount, means };
        let id = self.next_transfer();
        match self.group.settle_up(&caller, wanted, roubles(), id, NOW) {
            Ok((settlement, requested)) => {
                assert_eq!(requested.map(|requested| requested.amount), (!cash).then(|| amount.to_amount().unwrap()));
                self.group.settlements.push(settlement);
                let again = self.group.settle_up(&caller, wanted, roubles(), id, NOW).unwrap_err();
                assert!(matches!(again, SettleUpRefusal::NotAgreed { .. }), "paid twice: {again}");
            }
            Err(refusal) => {
                let by_cash_only = planned.from == MemberId(5) || planned.to == MemberId(5) || *currency != roubles();
                assert!(!cash && by_cash_only, "{refusal}");
            }
        }
    }
}

fn any_entry(amount: i64, paid_by: u32, weights: [u32; 5], currency: &str, exact: bool) -> Entry {
    let currency = crate::domain::currency::Currency::new(currency).unwrap();
    let amount = amount * currency.smallest_unit();
    let shares: BTreeMap<MemberId, u32> = (1..).map(MemberId).zip(weights).collect();
    let shares = if exact {
        let rest = MemberId(paid_by % MEMBERS + 1);
        let tenth = amount / 10 / currency.smallest_unit() * currency.smallest_unit();
        let mut amounts = BTreeMap::from([(MemberId(paid_by), BillMoney::from_thousandths(tenth))]);
        amounts.insert(rest, BillMoney::from_thousandths(amount - tenth));
        Shares::Exact(amounts)
    } else {
        Shares::Shares(shares)
    };
    let amount = BillMoney::from_thousandths(amount);
    let paid = BTreeMap::from([(MemberId(paid_by), amount)]);
    Entry { currency, shares, amount: BillAmount::new(amount).unwrap(), paid_by: paid, ..entry(1, paid_by, &[]) }
}

fn is_zero_sum(balances: &Balances) -> bool {
    balances.values().all(|of_currency| of_currency.values().map(|one| one.thousandths()).sum::<i64>() == 0)
}

proptest! {
    #[test]
    fn a_group_adds_up_to_zero_and_settles_completely(
        lines in prop::array::uniform3(0..50_000_i64),
        operations in prop::collection::vec(operation(), 1..60),
    ) {
        let mut world = World::new(lines);
        for operation in operations {
            world.run(operation);
            world.refresh();
            let balances = world.group.balances(roubles());
            prop_assert!(is_zero_sum(&balances), "{:?}", balances);

            // The rows of the table add up to the balances.
            let mut rows = Balances::new();
            for row in world.group.statement(roubles()) {
                let (currency, to_pay) = row.to_pay;
                let sum = rows.entry(currency).or_default().entry(row.member).or_default();
                *sum = BillMoney::from_thousandths(sum.thousandths() + to_pay.thousandths());
            }
            for of_currency in rows.values_mut() {
                of_currency.retain(|_, sum| *sum != BillMoney::ZERO);
            }
            rows.retain(|_, of_currency| !of_currency.is_empty());
            prop_assert_eq!(&rows, &balances);

            // After the payments that the transfers say, every balance is 0. They are fewer than the members.
            let mut settled = world.group.clone();
            let owner = settled.member_of(user(1)).unwrap().clone();
            let mut payments = BTreeMap::new();
            while let Some((currency, planned)) = Group::transfers(&settled.balances(roubles())).first().copied() {
                *payments.entry(currency).or_insert(0) += 1;
                let amount = BillAmount::new(planned.amount).unwrap();
                let (from, to, means) = (Some(planned.from), planned.to, Means::Cash);
                let wanted = Wanted { from, to, currency, amount, means };
                let (settlement, _) = settled.settle_up(&owner, wanted, roubles(), transfer(1), NOW).unwrap();
                settled.settlements.push(settlement);
            }
            prop_assert!(payments.values().all(|count| *count < MEMBERS));
        }
    }

    #[test]
    fn a_bill_counts_with_what_is_open_on_it(
        lines in prop::array::uniform3(0..50_000_i64),
        operations in prop::collection::vec(operation(), 1..40),
    ) {
        let mut world = World::new(lines);
        for operation in operations {
            world.run(operation);
            world.refresh();
        }
        for cheque in &world.group.cheques {
            let split = &cheque.split;
            let open: i64 = open_pairs(split).iter().filter(|(from, _, _)| from.0 <= MEMBERS).map(|(.., one)| one.thousandths()).sum();
            let dues = split.dues();
            let members = split.participants.iter().filter(|one| (2..=MEMBERS).contains(&one.id.0));
            let unpaid: i64 =
                members.map(|one| dues.of(one.id).due().thousandths() - one.settlement.expected().thousandths()).sum();
            prop_assert_eq!(open, if split.is_payable() { unpaid } else { 0 });
        }
    }

    #[test]
    fn an_expense_is_divided_to_the_smallest_unit(
        amount in 1..1_000_000_i64, weights in prop::array::uniform5(0..1000_u32), number in 1..2000_u32,
    ) {
        for currency in ["EUR", "JPY", "KWD"] {
            let entry = any_entry(amount, 1, weights, currency, false);
            prop_assume!(entry.check().is_ok());
            let unit = entry.currency.smallest_unit();
            let parts = entry.parts(group(4).seed_of(number));
            prop_assert_eq!(parts.values().map(|part| part.thousandths()).sum::<i64>(), entry.amount.money().thousandths());
            let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (weight, part) in weights.iter().zip(parts.values()) {
                prop_assert_eq!(part.thousandths() % unit, 0);
                let off = i128::from(part.thousandths()) * sum - i128::from(entry.amount.money().thousandths()) * i128::from(*weight);
                prop_assert!(off.abs() < i128::from(unit) * sum, "less than one unit away from the exact part");
            }
        }
    }
}

#[test]
fn a_due_that_was_settled_in_the_group_is_owed_back_when_the_bill_is_taken_out() {
    let mut world = World::new([1000, 0, 0]);
    let ann = ParticipantId(2);
    world.splits[0] = world.splits[0].clone().claimed(ann, 1, Fraction::WHOLE);
    world.counted = [true, false, false];
    world.refresh();
    assert!(world.splits[0].is_settled(&world.splits[0].dues()), "on the bill, nothing is left to do");
    world.settle_up(0, true);
    assert_eq!(world.group.balances(roubles()), Balances::new());
    assert!(world.splits[0].delete().is_err(), "a bill that counts is not deleted");
    world.counted = [false; 3];
    world.refresh();
    let balances = BTreeMap::from([(MemberId(1), money(1000)), (MemberId(2), money(-1000))]);
    assert_eq!(world.group.balances(roubles()), BTreeMap::from([(roubles(), balances)]));
    let version = Agreed::Version(world.splits[0].version);
    assert!(world.splits[0].settle(user(2), None, version, "RUB", transfer(7)).is_ok());
}

#[test]
fn the_odd_unit_of_expenses_does_not_always_go_to_the_same_member() {
    let group = group(3);
    let entry = entry(1000, 1, &[1, 2, 3]);
    let unlucky: BTreeSet<MemberId> = (1..=20)
        .filter_map(|number| {
            let parts = entry.parts(group.seed_of(number));
            parts.into_iter().find(|(_, part)| part.thousandths() == 3_340).map(|(member, _)| member)
        })
        .collect();
    assert_eq!(unlucky.len(), 3);
}
