//! The order id of a path.

use contracts::ids::OrderId;
use http_api::problem::Problem;

/// Parses an order id from the path. Text that is not a UUID gets the same 404 as an unknown order.
pub(super) fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map(OrderId).map_err(|_| no_such_order())
}

pub(super) fn no_such_order() -> Problem {
    Problem::not_found("order_not_found", "the order does not exist or belongs to another user")
}
