//! `POST /groups/{key}/settlements`: a member pays another one, or records cash.

use super::access::{accounts, changed, group_key, lock, no_such_member};
use super::entry_body::currency;
use super::once::{Begun, Once};
use crate::api::nested_body::{FieldErrors, integer};
use crate::domain::currency::Currency;
use crate::domain::groups::member::MemberId;
use crate::domain::groups::settle_up::{Means, SettleUpRefusal, Wanted};
use crate::state::State;
use crate::store::groups::settlements;
use crate::wire::groups::group_json::GroupJson;
use axum::extract;
use axum::response::Response;
use contracts::ids::TransferId;
use contracts::money::BillAmount;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;
use uuid::Uuid;

/// A payment: one of `transfers` of the group, with its amount. If another amount is to be paid now, nothing is paid.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SettleUp {
    /// Who pays; you if omitted. Only for cash it can be another member.
    #[schema(required = false)]
    from: Option<u32>,
    /// Who gets it.
    to: u32,
    amount: BillAmount,
    /// Three capital letters; that of the accounts if omitted.
    #[schema(required = false)]
    currency: Option<String>,
    /// `balance`: by a transfer from your balance; `cash`: outside the app, as recorded by who got it, or by the owner of
    /// the group.
    means: String,
}

/// Pays another member what the balances say. A payment that has no answer yet counts as paid; if it is refused, the
/// balances are as before.
#[utoipa::path(
    post, path = "/groups/{key}/settlements", tag = "groups", operation_id = "settleUp", request_body = SettleUp,
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 201, description = "Recorded, in cash", body = GroupJson),
        (status = 202, description = "Requested; the outcome appears in the group later", body = GroupJson),
        (status = 403, description = "Another member pays, or got the cash", body = ProblemDocument),
        (status = 404, description = "No such group or member", body = ProblemDocument),
        (status = 409, description = "Another amount is to be paid to this member (`due_changed`, with `due`), or not by a transfer", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let key = group_key(&key)?;
    let bytes = body.bytes().clone();
    let accounts = accounts(&state);
    let wanted = read(body, accounts)?;
    let route = "POST /groups/{key}/settlements";
    let mut once = match Once::begin(&state, &headers, user_id, route, key.as_str(), &bytes).await? {
        Begun::New(once) => once,
        Begun::Before(response) => return Ok(response),
    };
    let (group, you) = lock(&mut once.tx, &key, user_id).await?;
    let (settlement, requested) =
        group.settle_up(&you, wanted, accounts, TransferId(Uuid::now_v7()), clock::now()).map_err(problem)?;
    settlements::insert(&mut once.tx, &key, &settlement).await?;
    let status = if requested.is_some() { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    if let Some(requested) = requested {
        once.tx.append(&requested, 1).map_err(|error| Problem::internal(&error))?;
    }
    let json = changed(&state, &mut once.tx, &key, user_id).await?;
    once.respond(status, &json).await
}

fn read(mut body: JsonBody, accounts: Currency) -> Result<Wanted, Problem> {
    let from = body.optional("from", integer(1, u32::MAX)).map(MemberId);
    let to = body.required("to", integer(1, u32::MAX)).map(MemberId);
    let amount = body.required("amount", BillAmount::from_json_number);
    let currency = body.optional("currency", currency).unwrap_or(accounts);
    let means = body.required("means", |json| match serde_json::from_str(json) {
        Ok("balance") => Ok(Means::Balance),
        Ok("cash") => Ok(Means::Cash),
        Ok(_) | Err(_) => Err("must be balance or cash"),
    });
    body.finish()?;
    let wanted = || Some(Wanted { from, to: to?, currency, amount: amount?, means: means? });
    // `finish` has already rejected every body without them.
    wanted().ok_or_else(|| Problem::invalid_json("the payment could not be read"))
}

fn problem(refusal: SettleUpRefusal) -> Problem {
    let (status, code) = match refusal {
        SettleUpRefusal::NoSuchMember(_) => return no_such_member(),
        SettleUpRefusal::NotYours => (StatusCode::FORBIDDEN, "not_your_balance"),
        SettleUpRefusal::NotTheReceiver => (StatusCode::FORBIDDEN, "not_the_receiver"),
        SettleUpRefusal::NoAccount => (StatusCode::CONFLICT, "member_has_no_account"),
        SettleUpRefusal::OtherCurrency => (StatusCode::CONFLICT, "rate_missing"),
        SettleUpRefusal::TooMany => (StatusCode::CONFLICT, "too_many_settlements"),
        SettleUpRefusal::NotTransferable => (StatusCode::CONFLICT, "too_many_decimals"),
        SettleUpRefusal::NotWhole(_) => return FieldErrors::one("/amount", &refusal.to_string()),
        SettleUpRefusal::NotAgreed { due } => {
            let due = serde_json::to_value(due).unwrap_or_default();
            let problem = Problem::new(StatusCode::CONFLICT, "due_changed", refusal.to_string());
            return problem.with_member("due", due);
        }
    };
    Problem::new(status, code, refusal.to_string())
}
