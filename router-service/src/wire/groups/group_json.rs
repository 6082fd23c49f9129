//! A group as JSON.

use super::expense_json::ExpenseJson;
use crate::domain::currency::Currency;
use crate::domain::groups::balances::Balances;
use crate::domain::groups::group::{CountedCheque, Group};
use crate::domain::groups::member::{Member, MemberId};
use crate::domain::groups::settlement::{Settlement, SettlementState};
use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::money::{BillAmount, BillMoney};
use contracts::payments::RefusalReason;
use contracts::title::Title;
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A group, as seen by one user. Who is no member sees who is in it, and not what they share.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Group)]
pub struct GroupJson {
    /// The key of the invite link.
    pub key: ChequeHash,
    /// The invite link.
    pub url: String,
    /// Its name.
    pub name: String,
    /// Whether you own it.
    pub owner: bool,
    /// Whether others can join.
    pub joining_open: bool,
    /// Your member number, if you are a member.
    pub you: Option<u32>,
    /// The members; also those who left, if they have shared something.
    pub members: Vec<MemberJson>,
    /// Who pays whom, in the fewest transfers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfers: Option<Vec<TransferJson>>,
    /// Expenses entered by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expenses: Option<Vec<ExpenseJson>>,
    /// Bills that count in the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cheques: Option<Vec<ChequeJson>>,
    /// Payments between members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlements: Option<Vec<PaymentJson>>,
}

/// A member of a group.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupMember)]
pub struct MemberJson {
    /// Number within the group.
    pub id: u32,
    /// Display name.
    pub name: String,
    /// Among members with the same name, the second has 2, and so on; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namesake: Option<u32>,
    /// Whether they own the group.
    pub owner: bool,
    /// Whether they have an account, so that money can be transferred to them.
    pub has_account: bool,
    /// Whether they left.
    pub has_left: bool,
    /// What they still have to pay, in each currency that is not settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balances: Option<Vec<BalanceJson>>,
}

/// What a member still has to pay in one currency.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupBalance)]
pub struct BalanceJson {
    /// The currency.
    pub currency: String,
    /// Negative if they are owed it.
    pub to_pay: BillMoney,
}

/// What one member pays another.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupTransfer)]
pub struct TransferJson {
    /// Who pays.
    pub from: u32,
    /// Who gets it.
    pub to: u32,
    /// The currency.
    pub currency: String,
    /// The amount.
    pub amount: BillMoney,
    /// Whether it can be transferred between accounts; otherwise it is paid in cash.
    pub by_balance: bool,
}

/// A bill that counts in a group.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupCheque)]
pub struct ChequeJson {
    /// The key of its share link.
    pub hash: ChequeHash,
    /// What it is called.
    #[serde(flatten)]
    pub title: Title,
    /// When it was shared.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Its currency.
    pub currency: String,
    /// Its total, including the tip.
    pub total: BillMoney,
    /// Whether it counts: it adds up, or its owner has confirmed it.
    pub payable: bool,
    /// Which participant of the bill is which member, by participant.
    pub participants: BTreeMap<String, u32>,
    /// Its members, as far as they share it.
    pub members: Vec<ChequeMemberJson>,
}

/// The part of a member of a bill.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupChequeMember)]
pub struct ChequeMemberJson {
    /// The member.
    pub member: u32,
    /// What they have paid on the bill; for its owner, what the others have not.
    pub paid: BillMoney,
    /// Their part of the bill.
    pub due: BillMoney,
}

/// A payment between two members.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GroupSettlement)]
pub struct PaymentJson {
    /// Its id; also that of the transfer.
    pub id: TransferId,
    /// Who pays.
    pub from: u32,
    /// Who gets it.
    pub to: u32,
    /// The currency.
    pub currency: String,
    /// The amount.
    pub amount: BillAmount,
    /// `balance` or `cash`.
    pub means: &'static str,
    /// `pending`, `paid`, `failed` or `withdrawn`.
    pub state: &'static str,
    /// Why the transfer was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
    /// The member who has requested or recorded it.
    pub recorded_by: u32,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl GroupJson {
    /// Builds the group for this user. `url` is its invite link, and `accounts` the currency of the accounts.
    pub fn of(group: &Group, user_id: UserId, accounts: Currency, url: String) -> Self {
        let you = group.member_of(user_id).map(|member| member.id.0);
        let balances = you.is_some().then(|| group.balances(accounts));
        let is_shown = |member: &&Member| {
            let is_open = |balances: &Balances| balances.values().any(|one| one.contains_key(&member.id));
            !member.has_left
                || (you.is_some() && (is_named(group, member.id) || balances.as_ref().is_some_and(is_open)))
        };
        let expense = |expense| ExpenseJson::of(expense, group.seed_of(expense.id));
        Self {
            key: group.key.clone(),
            url,
            name: group.name.clone(),
            owner: group.owner_id == user_id,
            joining_open: group.joining_open,
            you,
            members: group.members.iter().filter(is_shown).map(|one| member(group, one, balances.as_ref())).collect(),
            transfers: balances.as_ref().map(|balances| transfers(group, balances, accounts)),
            expenses: you.map(|_| group.expenses.iter().map(expense).collect()),
            cheques: you.map(|_| group.cheques.iter().map(|one| cheque(one, accounts)).collect()),
            settlements: you.map(|_| group.settlements.iter().map(payment).collect()),
        }
    }
}

/// Whether anything in the group names this member.
fn is_named(group: &Group, id: MemberId) -> bool {
    group.expenses.iter().any(|expense| expense.changed_by == id || expense.entry.members().contains(&id))
        || group.cheques.iter().any(|cheque| cheque.members.values().any(|member| *member == id))
        || group.settlements.iter().any(|payment| [payment.from, payment.to, payment.recorded_by].contains(&id))
}

/// The balances of one member.
pub fn balances_of(id: MemberId, balances: &Balances) -> Vec<BalanceJson> {
    let to_pay = |(currency, of_currency): (&Currency, &BTreeMap<MemberId, BillMoney>)| {
        let to_pay = *of_currency.get(&id)?;
        Some(BalanceJson { currency: currency.to_string(), to_pay })
    };
    balances.iter().filter_map(to_pay).collect()
}

fn member(group: &Group, member: &Member, balances: Option<&Balances>) -> MemberJson {
    MemberJson {
        id: member.id.0,
        name: member.name.clone(),
        namesake: namesake(group, member),
        owner: member.user_id == Some(group.owner_id),
        has_account: member.user_id.is_some(),
        has_left: member.has_left,
        balances: balances.map(|balances| balances_of(member.id, balances)),
    }
}

/// Their number among members with the same name, from 2.
fn namesake(group: &Group, member: &Member) -> Option<u32> {
    let name = member.name.to_lowercase();
    let before = group.members.iter().take_while(|other| other.id != member.id);
    let same = before.filter(|other| other.name.to_lowercase() == name).count();
    (same > 0).then(|| u32::try_from(same).unwrap_or(u32::MAX).saturating_add(1))
}

fn transfers(group: &Group, balances: &Balances, accounts: Currency) -> Vec<TransferJson> {
    let has_account = |id| group.member(id).is_some_and(|member| member.user_id.is_some());
    let one = |(currency, transfer): (Currency, crate::domain::fewest_transfers::Transfer<MemberId>)| TransferJson {
        from: transfer.from.0,
        to: transfer.to.0,
        currency: currency.to_string(),
        amount: transfer.amount,
        by_balance: currency == accounts && has_account(transfer.from) && has_account(transfer.to),
    };
    Group::transfers(balances).into_iter().map(one).collect()
}

fn cheque(counted: &CountedCheque, accounts: Currency) -> ChequeJson {
    let split = &counted.split;
    let members = counted.rows(accounts).into_iter();
    ChequeJson {
        hash: split.hash.clone(),
        title: split.cheque.title(),
        created_at: split.created_at,
        currency: Group::currency_of(split, accounts).to_string(),
        total: split.total(),
        payable: split.is_payable(),
        participants: counted.members.iter().map(|(id, member)| (id.to_string(), member.0)).collect(),
        members: members.map(|row| ChequeMemberJson { member: row.member.0, paid: row.paid, due: row.share }).collect(),
    }
}

fn payment(settlement: &Settlement) -> PaymentJson {
    let (state, reason) = match settlement.state {
        SettlementState::Pending => ("pending", None),
        SettlementState::Paid => ("paid", None),
        SettlementState::Failed(reason) => ("failed", Some(reason)),
        SettlementState::Withdrawn => ("withdrawn", None),
    };
    PaymentJson {
        id: settlement.id,
        from: settlement.from.0,
        to: settlement.to.0,
        currency: settlement.currency.to_string(),
        amount: settlement.amount,
        means: if settlement.users.is_some() { "balance" } else { "cash" },
        state,
        reason,
        recorded_by: settlement.recorded_by.0,
        created_at: settlement.created_at,
    }
}
