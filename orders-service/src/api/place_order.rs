//! `POST /orders`: places an order.

use super::order_json::OrderJson;
use crate::domain::order::{DESCRIPTION_CHARACTERS_MAX, Order};
use crate::state::State;
use crate::store;
use axum::extract;
use axum::response::{IntoResponse, Response};
use chassis::body::{JsonBody, text_up_to};
use chassis::clock;
use chassis::idempotency::{self, Answer, Claim, Scope};
use chassis::identity::{Caller, Prefix};
use chassis::problem::{Problem, ProblemDocument};
use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use http::{HeaderMap, StatusCode};
use messaging::Transaction;
use time::OffsetDateTime;
use uuid::Uuid;

/// What is to be ordered.
#[derive(utoipa::ToSchema)]
struct PlaceOrder {
    amount: Amount,
    /// At most 500 characters.
    #[schema(required = false)]
    description: Option<String>,
}

impl PlaceOrder {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let amount = body.required("amount", Amount::from_json_number);
        let description = body.optional("description", text_up_to(DESCRIPTION_CHARACTERS_MAX));
        body.finish()?;
        // `finish` has refused every body in which the amount could not be read.
        let amount = amount.ok_or_else(|| Problem::invalid_json("the amount could not be read"))?;
        Ok(Self { amount, description: description.filter(|text| !text.is_empty()) })
    }
}

/// Places an order; its status changes by itself when payments has decided.
#[utoipa::path(
    post, path = "/orders", tag = "orders", operation_id = "placeOrder", request_body = PlaceOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "Same key and body: the first answer again.")),
    responses(
        (status = 201, description = "Placed", body = OrderJson, headers(("Location" = String))),
        (status = 409, description = "The first request with this key is still running", body = ProblemDocument),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Prefix(prefix): Prefix,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let user_id = super::user_of(caller)?;
    let scope = Scope::of(&headers, caller.0, "POST /orders", body.bytes())?;
    let request = PlaceOrder::read(body)?;
    let mut tx = state.messaging.begin().await?;
    if let Claim::Answered(answer) = idempotency::claim(&mut tx, scope.as_ref()).await? {
        tx.rollback().await?;
        return Ok(answer);
    }
    let order = place_order(&mut tx, user_id, request, OrderId(Uuid::now_v7()), clock::now()).await?;
    let answer = Answer {
        status: StatusCode::CREATED,
        location: Some(format!("{prefix}/orders/{}", order.id)),
        body: serde_json::to_vec(&OrderJson::from(order.clone())).map_err(|error| Problem::internal(&error))?,
    };
    idempotency::keep(&mut tx, scope.as_ref(), &answer).await?;
    let hub = state.hub.clone();
    tx.after_commit(move || hub.announce(&order));
    tx.commit().await.map_err(messaging::transaction::CommitError::into_source)?;
    Ok(answer.into_response())
}

/// Stores the order and announces it, in the caller's transaction.
async fn place_order(
    tx: &mut Transaction,
    user_id: UserId,
    request: PlaceOrder,
    id: OrderId,
    now: OffsetDateTime,
) -> Result<Order, Problem> {
    let (order, created) = Order::place(id, user_id, request.amount, request.description, now);
    store::orders::insert(tx, &order).await?;
    tx.append(&created, order.version).map_err(|error| Problem::internal(&error))?;
    Ok(order)
}
