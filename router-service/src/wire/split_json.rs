//! The state of a shared cheque as JSON.

use super::percent::Percent;
use crate::domain::dues::Dues;
use crate::domain::fraction::Fraction;
use crate::domain::method::{Method, Tip};
use crate::domain::participant::{Participant, ParticipantId, Settlement};
use crate::domain::split::Split;
use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, TransferId};
use contracts::money::Money;
use contracts::payments::RefusalReason;
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A shared cheque, as seen by one visitor.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SharedCheque)]
pub struct StateJson {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The shared cheque.
    pub cheque: Cheque,
    /// How it is shared.
    pub split: SplitJson,
    /// Your participant number, if you have joined.
    pub you: Option<u32>,
    /// Whether you are the owner.
    pub owner: bool,
}

impl StateJson {
    /// Builds the state for the visitor `you`.
    pub fn of(split: &Split, you: Option<ParticipantId>) -> Self {
        Self {
            hash: split.hash.clone(),
            cheque: split.cheque.clone(),
            split: SplitJson::of(split),
            you: you.map(|id| id.0),
            owner: you == Some(ParticipantId::OWNER),
        }
    }
}

/// How a cheque is shared.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Split)]
pub struct SplitJson {
    /// Incremented by each change; the state with the higher version is newer.
    pub version: i64,
    /// `open`, or `settled` when nothing is unclaimed and all participants except the owner have paid.
    pub status: &'static str,
    /// The owner confirmed the cheque although it does not add up.
    pub confirmed: bool,
    /// Whether dues can be paid: the cheque adds up or is confirmed, and its total is known.
    pub payable: bool,
    /// `items`, `equal`, `shares`, `percent` or `exact`.
    pub method: &'static str,
    /// The tip set by the owner.
    pub tip: Option<TipJson>,
    /// Only for the method `shares`: weights by participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<BTreeMap<String, u32>>,
    /// Only for the method `percent`: percentages by participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percents: Option<BTreeMap<String, Percent>>,
    /// Only for the method `exact`: amounts by participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amounts: Option<BTreeMap<String, Money>>,
    /// The participants; the first is the owner.
    pub participants: Vec<ParticipantJson>,
    /// The claimed parts of lines.
    pub claims: Vec<ClaimJson>,
    /// The unclaimed part of each line that is not fully claimed.
    pub remainders: Vec<RemainderJson>,
    /// The total to pay, including the tip.
    pub total: Money,
    /// The amount that is not claimed.
    pub unclaimed: Money,
    /// A participant has settled or is settling: lines and method are fixed.
    pub frozen: bool,
    /// When the link expires.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// The tip set by the owner: exactly one of the two fields.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Tip)]
pub struct TipJson {
    /// Percentage of the sum of the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<Percent>,
    /// Fixed amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// A participant of the shared cheque.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Participant)]
pub struct ParticipantJson {
    /// Number within the cheque.
    pub id: u32,
    /// Display name; the owner may not have set one.
    pub name: Option<String>,
    /// `owner`, `user` or `guest`.
    pub role: &'static str,
    /// What they owe; for the owner, their own part of the total.
    pub due: Money,
    /// State of the payment.
    pub settlement: SettlementJson,
}

/// State of a participant's payment.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Settlement)]
pub struct SettlementJson {
    /// `none`, `pending`, `paid`, `failed`, `cash`, or `owner` for the participant who receives the payments.
    pub state: &'static str,
    /// The last transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    /// The amount of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Why the last transfer failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
}

/// A part of a line that a participant claimed.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Claim)]
pub struct ClaimJson {
    /// The line.
    pub line: u32,
    /// The claimant.
    pub participant: u32,
    /// The part, reduced.
    pub numerator: u64,
    /// The part, reduced.
    pub denominator: u64,
}

/// The unclaimed part of a line.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Remainder)]
pub struct RemainderJson {
    /// The line.
    pub line: u32,
    /// The part, reduced.
    pub numerator: u64,
    /// The part, reduced.
    pub denominator: u64,
}

impl SplitJson {
    /// Builds the JSON form of a split.
    pub fn of(split: &Split) -> Self {
        let dues = split.dues();
        let claims = split.claims.iter().map(|((line, who), part)| ClaimJson {
            line: *line,
            participant: who.0,
            numerator: part.numerator(),
            denominator: part.denominator(),
        });
        let left = split.cheque.products.iter().map(|line| (line.id, split.left_of(line.id)));
        let (mut shares, mut percents, mut amounts) = (None, None, None);
        match &split.method {
            Method::Items | Method::Equal => {}
            Method::Shares(parts) => shares = Some(by_id(parts, |share| *share)),
            Method::Percent(parts) => percents = Some(by_id(parts, |points| Percent(*points))),
            Method::Exact(parts) => amounts = Some(by_id(parts, |amount| *amount)),
        }
        Self {
            version: split.version,
            status: status(split, &dues),
            confirmed: split.confirmed,
            payable: split.is_payable(),
            method: split.method.as_str(),
            tip: split.tip.map(tip),
            shares,
            percents,
            amounts,
            participants: split.participants.iter().map(|one| participant(one, &dues)).collect(),
            claims: claims.collect(),
            remainders: left.filter(|(_, left)| !left.is_zero()).map(|(line, left)| remainder(line, left)).collect(),
            total: dues.total,
            unclaimed: dues.unclaimed,
            frozen: split.is_frozen(),
            expires_at: split.expires_at,
        }
    }
}

/// `open` or `settled`.
pub fn status(split: &Split, dues: &Dues) -> &'static str {
    if split.is_settled(dues) { "settled" } else { "open" }
}

/// State of a participant's payment, as JSON.
pub fn settlement(participant: &Participant) -> SettlementJson {
    let nothing = SettlementJson { state: "none", transfer_id: None, amount: None, reason: None };
    match participant.settlement {
        _ if participant.id == ParticipantId::OWNER => SettlementJson { state: "owner", ..nothing },
        Settlement::None => nothing,
        Settlement::Cash(breakdown) => SettlementJson { state: "cash", amount: Some(breakdown.due()), ..nothing },
        Settlement::Pending(attempt) | Settlement::Paid(attempt) | Settlement::Failed(attempt, _) => {
            let (state, reason) = match participant.settlement {
                Settlement::Paid(_) => ("paid", None),
                Settlement::Failed(_, reason) => ("failed", Some(reason)),
                Settlement::Pending(_) | Settlement::None | Settlement::Cash(_) => ("pending", None),
            };
            SettlementJson { state, transfer_id: Some(attempt.transfer_id), amount: Some(attempt.amount()), reason }
        }
    }
}

fn participant(participant: &Participant, dues: &Dues) -> ParticipantJson {
    let role = match participant.user_id {
        _ if participant.id == ParticipantId::OWNER => "owner",
        Some(_) => "user",
        None => "guest",
    };
    ParticipantJson {
        id: participant.id.0,
        name: participant.name.clone(),
        role,
        due: dues.of(participant.id).due(),
        settlement: settlement(participant),
    }
}

fn tip(tip: Tip) -> TipJson {
    match tip {
        Tip::Percent(points) => TipJson { percent: Some(Percent(points)), amount: None },
        Tip::Amount(amount) => TipJson { percent: None, amount: Some(amount) },
    }
}

fn remainder(line: u32, left: Fraction) -> RemainderJson {
    RemainderJson { line, numerator: left.numerator(), denominator: left.denominator() }
}

fn by_id<T, J>(parts: &BTreeMap<ParticipantId, T>, write: impl Fn(&T) -> J) -> BTreeMap<String, J> {
    parts.iter().map(|(id, part)| (id.to_string(), write(part))).collect()
}
