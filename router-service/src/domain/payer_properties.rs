//! Invariants that hold when several participants have paid the restaurant, for every order of payments, refunds, failures
//! and changes.

use super::fixtures::transfer;
use super::fraction::Fraction;
use super::outside::Outside;
use super::participant::{Direction, ParticipantId};
use super::properties::{PARTICIPANTS, divided, signed_lines, sum, table_of, unit};
use super::rate::Conversion;
use super::refund::Means;
use super::settle::Agreed;
use super::split::Split;
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Operation {
    Advances {
        parts: Vec<i64>,
    },
    Claim {
        who: u32,
        line: usize,
        numerator: u64,
    },
    /// Pays the first or the last transfer of the plan.
    Settle {
        who: u32,
        last: bool,
    },
    Cash {
        who: u32,
        last: bool,
    },
    Report {
        who: u32,
    },
    Confirm {
        who: u32,
    },
    Unmark {
        who: u32,
    },
    GiveBack {
        by: u32,
        to: u32,
        cash: bool,
    },
    Remove {
        who: u32,
    },
    Complete {
        which: usize,
    },
    Fail {
        which: usize,
    },
    Join,
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = || 1..=PARTICIPANTS;
    prop_oneof![
        1 => prop::collection::vec(prop_oneof![2 => Just(0), 1 => 0..600_i64], PARTICIPANTS as usize - 1)
            .prop_map(|parts| Operation::Advances { parts }),
        4 => (who(), 0..12_usize, 0..=4_u64).prop_map(|(who, line, numerator)| Operation::Claim { who, line, numerator }),
        4 => (who(), any::<bool>()).prop_map(|(who, last)| Operation::Settle { who, last }),
        2 => (who(), any::<bool>()).prop_map(|(who, last)| Operation::Cash { who, last }),
        1 => who().prop_map(|who| Operation::Report { who }),
        1 => who().prop_map(|who| Operation::Confirm { who }),
        1 => who().prop_map(|who| Operation::Unmark { who }),
        2 => (who(), who(), any::<bool>()).prop_map(|(by, to, cash)| Operation::GiveBack { by, to, cash }),
        1 => who().prop_map(|who| Operation::Remove { who }),
        4 => (0..4_usize).prop_map(|which| Operation::Complete { which }),
        1 => (0..4_usize).prop_map(|which| Operation::Fail { which }),
        1 => Just(Operation::Join),
    ]
}

/// The first or the last payment of the plan that a participant makes.
fn planned(table: &Split, who: u32, last: bool) -> Option<ParticipantId> {
    let plan = table.plan(&table.dues());
    let mut mine = plan.iter().filter(|one| one.from == ParticipantId(who)).map(|one| one.to);
    if last { mine.next_back() } else { mine.next() }
}

/// The cheque after an operation; `None` if it is refused.
fn after(table: &Split, operation: &Operation, number: u128) -> Option<Split> {
    let seen = Agreed::Version(table.version);
    let outside = Agreed::Version(table.version);
    let pending = |which: usize| {
        let all = table.participants.iter().filter_map(|one| one.settlement.pending());
        let all: Vec<_> = all.map(|last| last.transfer_id).collect();
        all.get(which % all.len().max(1)).copied()
    };
    match operation {
        Operation::Advances { parts } => {
            let unit = unit(table);
            let total = table.total().thousandths().max(0) / unit;
            let parts =
                (2..).zip(parts).filter(|(id, part)| **part > 0 && table.participant(ParticipantId(*id)).is_some());
            let advances =
                parts.map(|(id, part)| (ParticipantId(id), BillMoney::from_thousandths(total * part / 1_000 * unit)));
            let advances = advances.filter(|(_, part)| *part > BillMoney::ZERO).collect::<BTreeMap<_, _>>();
            table.set_advances(table.version, &advances).ok().flatten()
        }
        Operation::Claim { who, line, numerator } => {
            let line = table.cheque.products.get(*line).map_or(0, |line| line.id);
            let who = table.participant(ParticipantId(*who))?;
            table.claim(who.id, line, Fraction::new(*numerator, 4).unwrap()).ok().flatten()
        }
        Operation::Settle { who, last } => {
            let to = planned(table, *who, *last);
            let user_id = table.participant(ParticipantId(*who))?.user_id?;
            table.settle_to(user_id, None, to, seen, "RUB", transfer(number)).ok().map(|(table, _)| table)
        }
        Operation::Cash { who, last } => {
            table.record_cash(ParticipantId(*who), planned(table, *who, *last), outside, Outside::CASH).ok()
        }
        Operation::Report { who } => {
            table.report(ParticipantId(*who), planned(table, *who, false), outside, None).ok()?
        }
        Operation::Confirm { who } => table.confirm_report(ParticipantId(*who)).ok(),
        Operation::Unmark { who } => table.unmark_cash(ParticipantId(*who)).ok(),
        Operation::GiveBack { by, to, cash } => {
            let (by, to) = (ParticipantId(*by), ParticipantId(*to));
            let by = if table.has_several_payers() { by } else { ParticipantId::OWNER };
            let paid = if table.has_several_payers() {
                table.paid_between(to, by)
            } else {
                table.participant(to)?.settlement.paid()
            };
            let means = if *cash { Means::Cash } else { Means::Balance { conversion: Some(Conversion::Same) } };
            table.refund_by(by, to, paid, means, transfer(number)).ok().map(|(table, _)| table)
        }
        Operation::Remove { who } => table.remove(ParticipantId(*who)).ok(),
        Operation::Complete { which } => table.transfer_completed(pending(*which)?),
        Operation::Fail { which } => table.transfer_failed(pending(*which)?, RefusalReason::InsufficientFunds),
        Operation::Join => Some(table.clone().with_user(1_000 + i64::try_from(number).unwrap())),
    }
}

/// What a participant is owed, if no transfer from or to them succeeds but those that are arriving.
fn owed(table: &Split, id: ParticipantId) -> i64 {
    let (dues, one) = (table.dues(), table.participant(id).unwrap());
    let due = dues.of(id).due().thousandths() - table.advance_of(id, dues.total).thousandths();
    -(due - one.settlement.paid().thousandths() + one.settlement.arriving.thousandths())
}

/// What participants hold of each other's money, kept from the outside: by cash that is recorded and transfers that arrive.
type Wallets = BTreeMap<ParticipantId, i64>;

fn pay(wallets: &mut Wallets, from: ParticipantId, to: ParticipantId, amount: i64) {
    *wallets.entry(from).or_default() -= amount;
    *wallets.entry(to).or_default() += amount;
}

/// Moves the money of an operation from wallet to wallet.
fn track(wallets: &mut Wallets, before: &Split, table: &Split, operation: &Operation) {
    for one in &before.participants {
        let Some(new) = table.participant(one.id) else { continue };
        if let Some(attempt) = one.settlement.pending().filter(|_| new.settlement.pending().is_none())
            && matches!(operation, Operation::Complete { .. })
        {
            let amount = attempt.amount.thousandths();
            match attempt.direction {
                Direction::To(to) => pay(wallets, one.id, to, amount),
                Direction::ToOwner => pay(wallets, one.id, ParticipantId::OWNER, amount),
                Direction::ToParticipant => pay(wallets, ParticipantId::OWNER, one.id, amount),
            }
        }
    }
    let mut pairs: Vec<_> = table.between.keys().chain(before.between.keys()).copied().collect();
    pairs.sort_unstable();
    pairs.dedup();
    for (from, to) in pairs {
        let cash = |split: &Split| split.between.get(&(from, to)).map_or(0, |between| between.cash.thousandths());
        pay(wallets, from, to, cash(table) - cash(before));
    }
    for one in &table.participants {
        // Cash to the owner who alone has paid the restaurant.
        let alone = |split: &Split| {
            split
                .participant(one.id)
                .map_or(0, |one| one.settlement.cash.thousandths() - split.cash_between(one.id).thousandths())
        };
        pay(wallets, one.id, ParticipantId::OWNER, alone(table) - alone(before));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_global_rejects: 50_000, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_nobody_receives_more_than_they_are_owed(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..60),
    ) {
        let (mut table, mut wallets) = (table, Wallets::new());
        for (number, operation) in (1..).zip(&operations) {
            let before = table.clone();
            let Some(changed) = after(&table, operation, number) else { continue };
            table = changed;
            track(&mut wallets, &before, &table, operation);
            let dues = table.dues();
            prop_assert_eq!(sum(&dues), table.total().thousandths());
            if table.has_several_payers() {
                let balances: i64 = table.participants.iter().map(|one| table.to_pay(&dues, one).thousandths()).sum();
                prop_assert_eq!(balances, -dues.unclaimed.thousandths(), "after {:?}", operation);
            }
            for one in &table.participants {
                let is_only_payer = one.id == ParticipantId::OWNER && !table.has_several_payers();
                let held = wallets.get(&one.id).copied().unwrap_or_default();
                prop_assert!(is_only_payer || one.settlement.paid().thousandths() == -held, "{} after {:?}", one.id, operation);
                let arriving: i64 = table.participants.iter().filter_map(|other| other.settlement.pending())
                    .filter(|last| last.direction == Direction::To(one.id)).map(|last| last.amount.thousandths()).sum();
                prop_assert_eq!(one.settlement.arriving.thousandths(), arriving);
            }
            let gone = wallets.iter().filter(|(id, _)| table.participant(**id).is_none());
            prop_assert!(gone.into_iter().all(|(_, held)| *held == 0), "who has left has no money in the bill");
            let is_payment = matches!(operation, Operation::Settle { .. } | Operation::Cash { .. } | Operation::Confirm { .. });
            if is_payment && table.has_several_payers() {
                for one in &before.participants {
                    let got = owed(&before, one.id) - owed(&table, one.id);
                    let gets = table.participant(one.id).unwrap().settlement;
                    let more = gets.received.thousandths() + gets.arriving.thousandths()
                        - one.settlement.received.thousandths() - one.settlement.arriving.thousandths();
                    prop_assert!(more == 0 || more <= owed(&before, one.id), "{} got {} ({}) after {:?}", one.id, more, got, operation);
                }
            }
        }
    }

    #[test]
    fn settled_means_that_every_balance_is_zero(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..60),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number).unwrap_or(table);
            let dues = table.dues();
            if table.is_settled(&dues) {
                prop_assert_eq!(dues.unclaimed, BillMoney::ZERO);
                prop_assert!(table.participants.iter().all(|one| table.to_pay(&dues, one) == BillMoney::ZERO));
                prop_assert!(table.plan(&dues).is_empty());
                prop_assert!(table.participants.iter().all(|one| !one.settlement.is_moving()));
            }
        }
    }

    #[test]
    fn when_all_is_claimed_paying_the_plan_settles_the_bill(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            table = after(&table, operation, number).unwrap_or(table);
        }
        for line in table.cheque.products.clone() {
            let own = table.claims.get(&(line.id, ParticipantId::OWNER)).copied().unwrap_or(Fraction::ZERO);
            let all = own.plus(table.left_of(line.id)).unwrap();
            table = table.claim(ParticipantId::OWNER, line.id, all).ok().flatten().unwrap_or(table);
        }
        for _ in 0..PARTICIPANTS {
            let pending = table.participants.iter().find_map(|one| one.settlement.pending());
            let Some(pending) = pending else { break };
            table = table.transfer_completed(pending.transfer_id).unwrap();
        }
        prop_assume!(table.has_several_payers() && table.is_payable());
        prop_assume!(table.dues().unclaimed == BillMoney::ZERO && table.participants.iter().all(|one| !one.settlement.is_moving()));
        for _ in 0..100 {
            let Some(next) = table.plan(&table.dues()).first().copied() else { break };
            prop_assert!(next.amount > BillMoney::ZERO);
            let agreed = Agreed::Amount(next.amount);
            table = table.record_cash(next.from, Some(next.to), agreed, Outside::CASH).unwrap();
        }
        let dues = table.dues();
        prop_assert!(table.is_settled(&dues), "{:?}", table.plan(&dues));
    }

    #[test]
    fn with_one_payer_the_plan_is_what_everybody_owes_the_owner(
        table in divided(table_of(signed_lines())), operations in prop::collection::vec(operation(), 0..40),
    ) {
        let mut table = table;
        for (number, operation) in (1..).zip(&operations) {
            if matches!(operation, Operation::Advances { .. }) { continue }
            table = after(&table, operation, number).unwrap_or(table);
            let dues = table.dues();
            let mut owed: BTreeMap<ParticipantId, BillMoney> = BTreeMap::new();
            for one in table.plan(&dues) {
                let (other, sign) = if one.to == ParticipantId::OWNER { (one.from, 1) } else { (one.to, -1) };
                prop_assert!(owed.insert(other, BillMoney::from_thousandths(sign * one.amount.thousandths())).is_none());
            }
            for one in table.participants.iter().skip(1) {
                let planned = owed.get(&one.id).copied().unwrap_or(BillMoney::ZERO);
                prop_assert_eq!(planned, table.to_pay(&dues, one));
            }
            prop_assert!(table.between.is_empty());
        }
    }
}
