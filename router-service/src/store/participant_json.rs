//! Participants and what they have paid each other, as they are loaded, not validated yet.

use super::json::Malformed;
use crate::domain::between::Between;
use crate::domain::breakdown::Breakdown;
use crate::domain::outside::{Outside, OutsideMeans};
use crate::domain::participant::{
    Attempt, AttemptState, Direction, Participant, ParticipantId, Report, Settlement, TokenHash,
};
use crate::domain::reminded::Reminded;
use contracts::ids::{TransferId, UserId};
use contracts::money::{BillMoney, Money};
use contracts::payments::RefusalReason;
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A row of `participants` with its latest row of `transfers`. Amounts are in thousandths.
#[derive(Debug, Deserialize)]
pub(super) struct ParticipantJson {
    id: u32,
    name: Option<String>,
    user_id: Option<UserId>,
    token_hash: Option<String>,
    cash: Option<Breakdown>,
    transferred: i64,
    last: Option<TransferJson>,
    advance: i64,
    outside_means: Option<String>,
    outside_note: Option<String>,
    reported_amount: Option<i64>,
    reported_to: Option<u32>,
    reported_note: Option<String>,
    /// In seconds since 1970.
    reminded_at: Option<i64>,
    reminded_times: u32,
}

/// The latest row of `transfers` of a participant.
#[derive(Debug, Deserialize)]
struct TransferJson {
    transfer_id: TransferId,
    /// In thousandths, in the currency of the bill.
    amount: i64,
    /// In hundredths, in the currency of the accounts.
    transferred: i64,
    to_owner: bool,
    to_participant: Option<u32>,
    state: String,
    reason: Option<RefusalReason>,
}

impl TransferJson {
    fn read(self) -> Result<Attempt, Malformed> {
        let state = match (self.state.as_str(), self.reason) {
            ("pending", None) => AttemptState::Pending,
            ("paid", None) => AttemptState::Done,
            ("failed", Some(reason)) => AttemptState::Failed(reason),
            _ => return Err(Malformed("transfer in an unknown state")),
        };
        let direction = match self.to_participant {
            Some(to) => Direction::To(ParticipantId(to)),
            None if self.to_owner => Direction::ToOwner,
            None => Direction::ToParticipant,
        };
        Ok(Attempt {
            transfer_id: self.transfer_id,
            direction,
            amount: BillMoney::from_thousandths(self.amount),
            transferred: Money::from_minor(self.transferred),
            state,
        })
    }
}

impl ParticipantJson {
    pub(super) fn read(self) -> Result<Participant, Malformed> {
        let settlement = Settlement {
            transferred: BillMoney::from_thousandths(self.transferred),
            cash: self.cash.map_or(BillMoney::ZERO, |cash| cash.due()),
            last: self.last.map(TransferJson::read).transpose()?,
            ..Settlement::default()
        };
        let token = self.token_hash.map(|hex| token_hash(&hex)).transpose()?;
        let means = self.outside_means.map(|name| OutsideMeans::from_name(&name).ok_or(Malformed("unknown means")));
        let outside = means.transpose()?.map(|means| Outside { means, note: self.outside_note });
        let report = self.reported_amount.zip(self.reported_to).map(|(amount, to)| Report {
            amount: BillMoney::from_thousandths(amount),
            to: ParticipantId(to),
            note: self.reported_note,
        });
        let reminded = self.reminded_at.map(OffsetDateTime::from_unix_timestamp).transpose();
        let reminded = reminded.map_err(|_| Malformed("time of a reminder out of range"))?;
        Ok(Participant {
            advance: BillMoney::from_thousandths(self.advance),
            settlement,
            outside,
            report,
            reminded: reminded.map(|at| Reminded { at, times: self.reminded_times }),
            ..Participant::new(ParticipantId(self.id), self.name, self.user_id, token)
        })
    }
}

/// Parses 64 hexadecimal digits.
fn token_hash(hex: &str) -> Result<TokenHash, Malformed> {
    let mut bytes = [0; 32];
    match base16ct::mixed::decode(hex, &mut bytes) {
        Ok(decoded) if decoded.len() == 32 => Ok(TokenHash(bytes)),
        Ok(_) | Err(_) => Err(Malformed("token hash without 32 bytes")),
    }
}

/// What one participant has paid another while several had paid the restaurant, in thousandths.
#[derive(Debug, Deserialize)]
pub(super) struct BetweenJson {
    from: u32,
    to: u32,
    transferred: i64,
    cash: i64,
}

/// Adds what was received and what is arriving to the participants.
pub(super) fn received(
    participants: &mut [Participant],
    rows: Vec<BetweenJson>,
) -> BTreeMap<(ParticipantId, ParticipantId), Between> {
    let between: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| {
            let (transferred, cash) =
                (BillMoney::from_thousandths(row.transferred), BillMoney::from_thousandths(row.cash));
            ((ParticipantId(row.from), ParticipantId(row.to)), Between { transferred, cash })
        })
        .collect();
    let pending = participants.iter().filter_map(|one| one.settlement.pending());
    let pending: Vec<Attempt> = pending.collect();
    for participant in participants {
        let id = participant.id;
        let received = between.iter().filter(|((_, to), _)| *to == id).map(|(_, between)| between.paid().thousandths());
        participant.settlement.received = BillMoney::from_thousandths(received.sum());
        let arriving =
            pending.iter().filter(|last| last.direction == Direction::To(id)).map(|last| last.amount.thousandths());
        participant.settlement.arriving = BillMoney::from_thousandths(arriving.sum());
    }
    between
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_hash_is_thirty_two_bytes() {
        assert_eq!(token_hash(&"0a".repeat(32)).unwrap(), TokenHash([10; 32]));
        assert!(token_hash("0a").is_err());
        assert!(token_hash(&"xy".repeat(32)).is_err());
    }
}
