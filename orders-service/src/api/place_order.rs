//! `POST /orders`: places an order.

use super::order_json::OrderJson;
use crate::domain::order::{DESCRIPTION_CHARACTERS_MAX, Order};
use crate::order_batcher::{PendingOrder, PlaceOrderError, Placed};
use crate::state::State;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::OrderId;
use contracts::money::Amount;
use http::{HeaderMap, StatusCode};
use http_api::body::{JsonBody, text_up_to};
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::idempotency::{Scope, StoredResponse};
use process::clock;
use uuid::Uuid;

/// The request body.
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
        // `finish` has already rejected every body without a valid amount.
        let amount = amount.ok_or_else(|| Problem::invalid_json("the amount could not be read"))?;
        Ok(Self { amount, description: description.filter(|text| !text.is_empty()) })
    }
}

/// Places an order. Its status changes later, when the payments service has decided.
#[utoipa::path(
    post, path = "/orders", tag = "orders", operation_id = "placeOrder", request_body = PlaceOrder,
    params(("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again.")),
    responses(
        (status = 201, description = "Placed", body = OrderJson, headers(("Location" = String))),
        (status = 409, description = "The first request with this key is still running", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Prefix(prefix): Prefix,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let scope = Scope::of(&headers, user_id.get(), "POST /orders", body.bytes())?;
    let request = PlaceOrder::read(body)?;
    let (order, created) =
        Order::place(OrderId(Uuid::now_v7()), user_id, request.amount, request.description, clock::now());
    let response = StoredResponse {
        status: StatusCode::CREATED,
        location: Some(format!("{prefix}/orders/{}", order.id)),
        body: serde_json::to_vec(&OrderJson::from(order.clone())).map_err(|error| Problem::internal(&error))?,
    };
    let keyed = scope.map(|scope| (scope, response.clone()));
    let pending = PendingOrder { keyed, order, created, context: trace::current() };
    match state.order_batcher.place(pending).await.map_err(|failure| problem(&failure))? {
        Placed::Now => Ok(response.into_response()),
        Placed::Before(earlier) => earlier.respond(),
    }
}

fn problem(failure: &PlaceOrderError) -> Problem {
    match failure {
        PlaceOrderError::Write { source, .. } if source.is_outage() => Problem::unavailable(failure),
        PlaceOrderError::WorkerGone(_) => Problem::unavailable(failure),
        PlaceOrderError::Write { .. } | PlaceOrderError::Announce(_) => Problem::internal(failure),
    }
}
