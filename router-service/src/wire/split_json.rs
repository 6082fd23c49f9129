//! The state of a shared cheque as JSON.

use super::cheque_json::ChequeJson;
use super::outside_json::{OutsideJson, ReportJson};
use super::percent::Percent;
use super::plan_json::{PaidJson, PaymentJson, paid, plan, to_transfer};
use crate::domain::dues::Dues;
use crate::domain::fraction::Fraction;
use crate::domain::method::{Method, Tip};
use crate::domain::negative::Negative;
use crate::domain::participant::{Attempt, AttemptState, Direction, Participant, ParticipantId};
use crate::domain::rate::Rate;
use crate::domain::split::Split;
use contracts::ids::{ChequeHash, TransferId};
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A shared cheque, as seen by one visitor.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SharedCheque)]
pub struct StateJson {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The shared cheque.
    pub cheque: ChequeJson,
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
            cheque: ChequeJson::of(split),
            split: SplitJson::of(split),
            you: you.map(|id| id.0),
            owner: you == Some(ParticipantId::OWNER),
        }
    }
}

/// How a cheque is shared.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Split)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the cheque, each a field in JSON")]
pub struct SplitJson {
    /// Incremented by each change; the state with the higher version is newer.
    pub version: i64,
    /// The version at which the bill itself was last changed: corrections that are based on an older one are refused.
    pub cheque_version: i64,
    /// `open`, or `settled` when nothing is unclaimed, and no participant has to pay or is owed anything.
    pub status: &'static str,
    /// The owner confirmed the cheque although it does not add up.
    pub confirmed: bool,
    /// Whether dues can be paid: the cheque adds up or is confirmed, its total is known, and no negative line must be
    /// claimed any more.
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
    pub amounts: Option<BTreeMap<String, BillMoney>>,
    /// The rate that the owner named for a bill in another currency: units of the accounts' currency for one of the bill's.
    pub rate: Option<RateJson>,
    /// Whether others can join.
    pub joining_open: bool,
    /// The negative lines, and who gets each.
    pub negative_lines: Vec<NegativeLineJson>,
    /// The participants; the first is the owner.
    pub participants: Vec<ParticipantJson>,
    /// Who still has to pay whom.
    pub plan: Vec<PaymentJson>,
    /// If several participants have paid the restaurant, what each has paid whom: what can be given back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paid_between: Vec<PaidJson>,
    /// The claimed parts of lines.
    pub claims: Vec<ClaimJson>,
    /// The unclaimed part of each line that is not fully claimed.
    pub remainders: Vec<RemainderJson>,
    /// The total to pay, including the tip.
    pub total: BillMoney,
    /// The amount that is not claimed.
    pub unclaimed: BillMoney,
    /// Money has moved, or is moving, and was not given back: lines and method are fixed.
    pub frozen: bool,
    /// When the bill became known here.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the link expires.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// A rate in JSON: a number with at most six decimals.
#[derive(Clone, Copy, Debug, utoipa::ToSchema)]
#[schema(as = Rate, value_type = f64)]
pub struct RateJson(pub Rate);

impl Serialize for RateJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The text is a number, so this keeps all decimals.
        let number = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
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
    pub amount: Option<BillMoney>,
}

/// A participant of the shared cheque.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Participant)]
pub struct ParticipantJson {
    /// Number within the cheque.
    pub id: u32,
    /// Display name; the owner may not have set one.
    pub name: Option<String>,
    /// Among participants with the same name, the second has 2, and so on; null for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namesake: Option<u32>,
    /// `owner`, `user` or `guest`.
    pub role: &'static str,
    /// The owner has added them by name, and no device or user is this participant: a visitor can join as them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// Their part of the total, independent of payments.
    pub due: BillMoney,
    /// If several participants have paid the restaurant, what this one has paid to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<BillMoney>,
    /// What they have paid others, less what was given back or received from others.
    pub paid: BillMoney,
    /// What they still have to pay: `due - advance - paid`; negative if they are owed something. A pending payment counts
    /// as paid. 0 for the owner who alone has paid the restaurant.
    pub to_pay: BillMoney,
    /// `to_pay` in the currency of the accounts, at the rate that the owner named: what a transfer moves.
    pub to_transfer: BillMoney,
    /// Whether the due counts in a group, and is paid there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_group: bool,
    /// State of the payment.
    pub settlement: SettlementJson,
    /// How they have paid outside the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside: Option<OutsideJson>,
    /// What they say they have paid, until it is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported: Option<ReportJson>,
    /// When they were last reminded.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<OffsetDateTime>,
    /// How often they were reminded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded_times: Option<u32>,
}

/// State of a participant's payment.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Settlement)]
pub struct SettlementJson {
    /// `none`, `pending`, `paid`, `failed`, `cash`, or `owner` for the owner, unless they pay others who have paid the
    /// restaurant.
    pub state: &'static str,
    /// The last transfer to another participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<TransferId>,
    /// The amount of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<BillMoney>,
    /// Why the last transfer failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
    /// The last transfer, if it goes from the owner to the participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundJson>,
}

/// Money that the owner gives back by a transfer.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Refund)]
pub struct RefundJson {
    /// `pending`, `done` or `failed`.
    pub state: &'static str,
    /// The transfer.
    pub transfer_id: TransferId,
    /// The amount.
    pub amount: BillMoney,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RefusalReason>,
}

/// A negative line, and who gets it when the cheque is split by items.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NegativeLine)]
pub struct NegativeLineJson {
    /// The line.
    pub line: u32,
    /// `proportion`: a discount for all; `line`: for those who claim the line `takes_back`; `claimed`: for those who claim it.
    pub applies: &'static str,
    /// The line that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<u32>,
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
        let left = split.claimable_lines().map(|(line, _)| (line, split.left_of(line)));
        let negative =
            split.cheque.products.iter().filter(|line| line.total.is_some_and(|total| total < BillMoney::ZERO));
        let (mut shares, mut percents, mut amounts) = (None, None, None);
        match &split.method {
            Method::Items | Method::Equal => {}
            Method::Shares(parts) => shares = Some(by_id(parts, |share| *share)),
            Method::Percent(parts) => percents = Some(by_id(parts, |points| Percent(*points))),
            Method::Exact(parts) => amounts = Some(by_id(parts, |amount| *amount)),
        }
        Self {
            version: split.version,
            cheque_version: split.cheque_version,
            status: status(split, &dues),
            confirmed: split.confirmed,
            payable: split.is_payable(),
            method: split.method.as_str(),
            tip: split.tip.map(tip),
            shares,
            percents,
            amounts,
            rate: split.rate.map(RateJson),
            joining_open: split.joining_open,
            negative_lines: negative.map(|line| negative_line(split, line.id)).collect(),
            participants: split.participants.iter().map(|one| participant(split, one, &dues)).collect(),
            plan: plan(split, &dues),
            paid_between: if split.has_several_payers() { paid(split) } else { vec![] },
            claims: claims.collect(),
            remainders: left.filter(|(_, left)| !left.is_zero()).map(|(line, left)| remainder(line, left)).collect(),
            total: dues.total,
            unclaimed: dues.unclaimed,
            frozen: split.is_frozen(),
            created_at: split.created_at,
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
    let settlement = &participant.settlement;
    let (paid, last) = (settlement.paid(), settlement.last);
    let payment = last.filter(|last| last.direction != Direction::ToParticipant);
    let state = match payment.map(|last| last.state) {
        None if participant.id == ParticipantId::OWNER => "owner",
        Some(AttemptState::Pending) => "pending",
        Some(AttemptState::Failed(_)) if paid <= BillMoney::ZERO => "failed",
        _ if paid <= BillMoney::ZERO => "none",
        _ if settlement.transferred > BillMoney::ZERO => "paid",
        _ => "cash",
    };
    let amount = match state {
        "pending" | "failed" => payment.map(|last| last.amount),
        "paid" | "cash" => Some(paid),
        _ => None,
    };
    let transfer_id = payment.filter(|_| ["pending", "paid", "failed"].contains(&state)).map(|last| last.transfer_id);
    let reason = payment.filter(|_| state == "failed").and_then(|last| reason(last.state));
    let refund = last.filter(|last| last.direction == Direction::ToParticipant).map(refund);
    SettlementJson { state, transfer_id, amount, reason, refund }
}

fn refund(last: Attempt) -> RefundJson {
    let state = match last.state {
        AttemptState::Pending => "pending",
        AttemptState::Done => "done",
        AttemptState::Failed(_) => "failed",
    };
    RefundJson { state, transfer_id: last.transfer_id, amount: last.amount, reason: reason(last.state) }
}

fn reason(state: AttemptState) -> Option<RefusalReason> {
    match state {
        AttemptState::Failed(reason) => Some(reason),
        AttemptState::Pending | AttemptState::Done => None,
    }
}

fn participant(split: &Split, participant: &Participant, dues: &Dues) -> ParticipantJson {
    let role = match participant.user_id {
        _ if participant.id == ParticipantId::OWNER => "owner",
        Some(_) => "user",
        None => "guest",
    };
    let to_pay = split.to_pay(dues, participant);
    ParticipantJson {
        id: participant.id.0,
        name: participant.name.clone(),
        namesake: namesake(split, participant),
        role,
        free: participant.is_free(),
        due: dues.of(participant.id).due(),
        advance: split.has_several_payers().then(|| split.advance_of(participant.id, dues.total)),
        paid: participant.settlement.paid(),
        to_pay,
        in_group: split.pays_in_group(participant.id),
        to_transfer: to_transfer(split, to_pay),
        settlement: settlement(participant),
        outside: participant.outside.as_ref().map(OutsideJson::from),
        reported: participant.report.as_ref().map(ReportJson::from),
        reminded_at: participant.reminded.map(|reminded| reminded.at),
        reminded_times: participant.reminded.map(|reminded| reminded.times),
    }
}

/// Their number among participants with the same name, from 2.
fn namesake(split: &Split, participant: &Participant) -> Option<u32> {
    let name = participant.name.as_ref()?.to_lowercase();
    let before = split.participants.iter().take_while(|other| other.id != participant.id);
    let same = before.filter(|other| other.name.as_ref().is_some_and(|other| other.to_lowercase() == name)).count();
    (same > 0).then(|| u32::try_from(same).unwrap_or(u32::MAX).saturating_add(1))
}

fn negative_line(split: &Split, line: u32) -> NegativeLineJson {
    let (applies, takes_back) = match split.negative.get(&line) {
        None => ("proportion", None),
        Some(Negative::Claimed) => ("claimed", None),
        Some(Negative::Line(target)) => ("line", Some(*target)),
    };
    NegativeLineJson { line, applies, takes_back }
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
