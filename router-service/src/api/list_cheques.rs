//! `GET /cheques`: the cheques that the user owns or joined.

use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::state::State;
use crate::store;
use crate::wire::split_json::{SettlementJson, settlement, status};
use axum::{Json, extract};
use contracts::ids::{ChequeHash, UserId};
use contracts::money::BillMoney;
use contracts::title::Title;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Serialize;
use time::OffsetDateTime;

/// Largest number of cheques in the list.
const CHEQUES_MAX: i64 = 50;

/// A cheque in the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ListedCheque)]
pub(super) struct ListedJson {
    hash: ChequeHash,
    /// URL of the share link.
    url: String,
    /// `open` or `settled`.
    status: &'static str,
    /// Whether you own it.
    owner: bool,
    #[serde(flatten)]
    title: Title,
    /// Number of people who share it, with the owner.
    participants: usize,
    /// The printed total.
    total_account: Option<BillMoney>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// What you owe; for the owner, their own part of the total.
    due: BillMoney,
    settlement: Option<SettlementJson>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the link expires or expired.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// The cheques that you own or joined, newest first, at most 50. Cheques with expired links are included.
#[utoipa::path(
    get, path = "/cheques", tag = "cheques", operation_id = "listCheques",
    responses(
        (status = 200, description = "The cheques of the caller", body = Vec<ListedJson>),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
) -> Result<Json<Vec<ListedJson>>, Problem> {
    let splits = store::cheques::of_user(&state.database, user_id, CHEQUES_MAX).await?;
    Ok(Json(splits.into_iter().map(|split| listed(split, user_id, &state.share_base_url)).collect()))
}

fn listed(split: Split, user_id: UserId, share_base_url: &str) -> ListedJson {
    let dues = split.dues();
    let you = split.participant_of(user_id);
    ListedJson {
        url: format!("{share_base_url}/small-router/{}", split.hash),
        status: status(&split, &dues),
        owner: you.is_some_and(|you| you.id == ParticipantId::OWNER),
        title: split.cheque.title(),
        participants: split.participants.len(),
        total_account: split.cheque.total_account,
        due: you.map_or(BillMoney::ZERO, |you| dues.of(you.id).due()),
        settlement: you.map(settlement),
        created_at: split.created_at,
        expires_at: split.expires_at,
        currency: split.cheque.currency,
        hash: split.hash,
    }
}
