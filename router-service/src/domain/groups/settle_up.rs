//! Members pay each other what the balances say.

use super::group::{Group, SETTLEMENTS_MAX};
use super::member::{Member, MemberId};
use super::settlement::{Settlement, SettlementState};
use crate::domain::currency::{Currency, NotWhole};
use contracts::ids::{TransferId, UserId};
use contracts::money::{Amount, BillAmount, BillMoney};
use contracts::router::TransferRequested;
use contracts::title::Title;
use time::OffsetDateTime;

/// How a member pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By a transfer from the balance of the one who pays.
    Balance,
    /// Outside the app, as recorded by the one who got it, or by the owner of the group.
    Cash,
}

/// What a member wants to pay or to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Who pays; the caller if none is named.
    pub from: Option<MemberId>,
    /// Who gets it.
    pub to: MemberId,
    /// The currency.
    pub currency: Currency,
    /// The amount that they agree to.
    pub amount: BillAmount,
    /// How.
    pub means: Means,
}

/// Why nothing is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleUpRefusal {
    /// There is no member with this number.
    #[error("member {0} does not exist")]
    NoSuchMember(MemberId),
    /// Money leaves only the caller's own balance.
    #[error("only the member who pays can transfer from their balance")]
    NotYours,
    /// Cash is recorded by who got it.
    #[error("cash is recorded by the member who got it, or by the owner of the group")]
    NotTheReceiver,
    /// The one who gets the money has no account.
    #[error("this member has no account: pay in cash")]
    NoAccount,
    /// Accounts are in another currency.
    #[error("the accounts are in another currency: pay in cash")]
    OtherCurrency,
    /// The amount has more decimals than the currency, and is not the one that is to be paid.
    #[error(transparent)]
    NotWhole(#[from] NotWhole),
    /// A bill in the currency of the accounts has more decimals than they have.
    #[error("the amount has more decimals than the accounts: pay in cash, or correct the bill")]
    NotTransferable,
    /// Another amount is to be paid now.
    #[error("{due} is to be paid to this member now; name this amount to pay it")]
    NotAgreed {
        /// The amount; 0 if nothing is to be paid to this member.
        due: BillMoney,
    },
    /// The limit is reached.
    #[error("a group has at most {SETTLEMENTS_MAX} payments")]
    TooMany,
}

/// Why a payment is not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawRefusal {
    /// There is no such payment, or it was withdrawn.
    #[error("the payment does not exist")]
    NoSuchSettlement,
    /// A transfer has moved money: the receiver pays it back.
    #[error("only cash can be withdrawn: a transfer has moved money")]
    Transfer,
    /// Another member has got it.
    #[error("cash is withdrawn by the member who got it, or by the owner of the group")]
    NotTheReceiver,
}

impl Group {
    /// A payment of the member `caller`, and the transfer that it needs. It must be one of the fewest transfers that settle
    /// the group now, so nothing is paid twice: a payment without an answer counts as paid.
    ///
    /// # Errors
    /// [`SettleUpRefusal`].
    pub fn settle_up(
        &self,
        caller: &Member,
        wanted: Wanted,
        accounts: Currency,
        id: TransferId,
        now: OffsetDateTime,
    ) -> Result<(Settlement, Option<TransferRequested>), SettleUpRefusal> {
        let Wanted { to, currency, amount, means, .. } = wanted;
        let find = |id| self.member(id).ok_or(SettleUpRefusal::NoSuchMember(id));
        let from = find(wanted.from.unwrap_or(caller.id))?;
        let receiver = find(to)?;
        let users = match means {
            Means::Balance if from.id != caller.id => return Err(SettleUpRefusal::NotYours),
            Means::Balance if currency != accounts => return Err(SettleUpRefusal::OtherCurrency),
            Means::Balance => Some(from.user_id.zip(receiver.user_id).ok_or(SettleUpRefusal::NoAccount)?),
            Means::Cash if caller.id != to && caller.user_id != Some(self.owner_id) => {
                return Err(SettleUpRefusal::NotTheReceiver);
            }
            Means::Cash => None,
        };
        let transfers = Self::transfers(&self.balances(accounts));
        let is_this = |(of, transfer): &&(Currency, crate::domain::fewest_transfers::Transfer<MemberId>)| {
            (*of, transfer.from, transfer.to) == (currency, from.id, to)
        };
        let due = transfers.iter().find(is_this).map_or(BillMoney::ZERO, |(_, transfer)| transfer.amount);
        if due != amount.money() {
            NotWhole::check(amount.money(), Some(currency.as_str()))?;
            return Err(SettleUpRefusal::NotAgreed { due });
        }
        let transfer = users.map(|users| amount.to_amount().map(|amount| (users, amount)));
        let transfer = transfer.map(|transfer| transfer.ok_or(SettleUpRefusal::NotTransferable)).transpose()?;
        if self.settlements.len() >= SETTLEMENTS_MAX {
            return Err(SettleUpRefusal::TooMany);
        }
        let state = if users.is_some() { SettlementState::Pending } else { SettlementState::Paid };
        let (from, recorded_by, created_at) = (from.id, caller.id, now);
        let settlement = Settlement { id, from, to, currency, amount, users, recorded_by, created_at, state };
        let requested = transfer.map(|(users, amount)| self.requested(id, users, amount));
        Ok((settlement, requested))
    }

    /// Cash that was recorded by mistake.
    ///
    /// # Errors
    /// [`WithdrawRefusal`].
    pub fn withdraw(&self, caller: &Member, id: TransferId) -> Result<Settlement, WithdrawRefusal> {
        let settlement = self.settlements.iter().find(|settlement| settlement.id == id);
        let settlement = settlement.ok_or(WithdrawRefusal::NoSuchSettlement)?;
        if settlement.state == SettlementState::Withdrawn {
            return Err(WithdrawRefusal::NoSuchSettlement);
        }
        if settlement.users.is_some() {
            return Err(WithdrawRefusal::Transfer);
        }
        if caller.id != settlement.to && caller.user_id != Some(self.owner_id) {
            return Err(WithdrawRefusal::NotTheReceiver);
        }
        Ok(*settlement)
    }

    fn requested(&self, transfer_id: TransferId, users: (UserId, UserId), amount: Amount) -> TransferRequested {
        let (from_user, to_user) = users;
        let title = Some(Title { merchant: Some(self.name.clone()), purchased_on: None });
        let payer = self.members.iter().find(|member| member.user_id == Some(from_user));
        let participant_name = payer.map(|member| member.name.clone());
        let (hash, for_group) = (self.key.clone(), true);
        TransferRequested { transfer_id, from_user, to_user, amount, hash, title, participant_name, for_group }
    }
}
