//! `GET /orders/{id}`: one order.

use super::order_id::{no_such_order, order_id};
use super::order_json::OrderJson;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// One order of the user.
#[utoipa::path(
    get, path = "/orders/{id}", tag = "orders", operation_id = "getOrder",
    params(("id" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = OrderJson),
        (status = 404, description = "The order does not exist or belongs to another user", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(id): Path<String>,
) -> Result<Json<OrderJson>, Problem> {
    let id = order_id(&id)?;
    let order = store::orders::find(&state.database, user_id, id).await?.ok_or_else(no_such_order)?;
    Ok(Json(order.into()))
}
