//! `POST /cheques`: a user enters a bill by hand, without a photo.

use super::correct_cheque::{self, read_bill};
use super::line_body::CorrectLine;
use super::nested_body::FieldErrors;
use crate::domain::correct::Correction;
use crate::domain::enter::EnterRefusal;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::state::State;
use crate::store;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::{ChequeHash, UserId};
use contracts::money::BillMoney;
use contracts::router::ChequeEntered;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use process::clock;
use rand::Rng;
use serde::Serialize;

/// The bill. It needs a total or a line; without lines it is divided equally.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct EnterCheque {
    /// Lines without ids.
    #[schema(required = false, max_items = 1000)]
    products: Option<Vec<CorrectLine>>,
    #[schema(required = false)]
    total_account: Option<BillMoney>,
    #[schema(required = false)]
    service: Option<BillMoney>,
    /// A positive number.
    #[schema(required = false)]
    discount: Option<BillMoney>,
    #[schema(required = false)]
    tax: Option<BillMoney>,
    #[schema(required = false)]
    tip: Option<BillMoney>,
    /// May be negative.
    #[schema(required = false)]
    rounding: Option<BillMoney>,
    /// Three capital letters.
    #[schema(required = false)]
    currency: Option<String>,
    /// The owner confirms the bill although it does not add up, or has only a total.
    #[schema(required = false)]
    confirmed: Option<bool>,
}

/// The new cheque with its share link.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = EnteredCheque)]
struct EnteredJson {
    /// URL of the share link.
    url: String,
    #[serde(flatten)]
    state: StateJson,
}

/// Enters a bill by hand. The caller becomes its owner and shares it like a bill from a photo.
#[utoipa::path(
    post, path = "/cheques", tag = "cheques", operation_id = "enterCheque", request_body = EnterCheque,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "A retry with it and the same body gets the first response again.")),
    responses(
        (status = 201, description = "Entered", body = EnteredJson, headers(("Location" = String))),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "The first request with this key is just being completed", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or there is neither a total nor a line", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let scope = Scope::of(&headers, user_id.get(), "POST /cheques", body.bytes())?;
    let bill = read_bill(body, |bill, errors| {
        if bill.based_on.is_some() {
            errors.add("/version", &"is unknown: a new bill has no version yet");
        }
        if bill.lines.is_some() {
            errors.add("/lines", &"edits lines that exist: name the lines of a new bill in `products`");
        }
    })?;
    let split = enter(&state, user_id, bill)?;
    let short = split.hash.shortened();
    let mut tx = state.messaging.begin().await.during(format_args!("begin to enter a bill of user {user_id}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
        tx.rollback().await.during(format_args!("roll back a repeated bill of user {user_id}"))?;
        return earlier.respond();
    }
    store::cheques::insert_entered(&mut tx, &split).await?;
    tx.append(&entered(&split), split.version).map_err(|error| Problem::internal(&error))?;
    let response = response(&split, &state.share_base_url)?;
    idempotency::store(&mut tx, scope.as_ref(), &response).await?;
    tx.commit().await.during(format_args!("commit bill {short} of user {user_id}"))?;
    Ok(response.into_response())
}

fn enter(state: &State, user_id: UserId, bill: Correction) -> Result<Split, Problem> {
    let now = clock::now();
    Split::enter(draw_hash(), user_id, bill, now, now + state.link_lifetime).map_err(|refusal| match refusal {
        EnterRefusal::Empty => FieldErrors::one("/total_account", &refusal.to_string()),
        EnterRefusal::Bill(refusal) => correct_cheque::problem(&refusal),
    })
}

fn entered(split: &Split) -> ChequeEntered {
    ChequeEntered { hash: split.hash.clone(), owner_id: split.owner_id, expires_at: split.expires_at }
}

/// Uses a cryptographic generator that is seeded by the operating system: the key of a link is its only secret.
fn draw_hash() -> ChequeHash {
    let mut generator = rand::rng();
    ChequeHash::from_random(std::array::from_fn(|_| generator.random_range(0..62)))
}

fn response(split: &Split, share_base_url: &str) -> Result<StoredResponse, Problem> {
    let url = format!("{share_base_url}/small-router/{}", split.hash);
    let entered = EnteredJson { url: url.clone(), state: StateJson::of(split, Some(ParticipantId::OWNER)) };
    let body = serde_json::to_vec(&entered).map_err(|error| Problem::internal(&error))?;
    Ok(StoredResponse { status: StatusCode::CREATED, location: Some(url), body })
}
