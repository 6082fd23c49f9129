//! `GET /second-factor`: whether the caller has a second factor.

use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::problem::Problem;
use identity::Caller;
use postgres::During;
use serde::Serialize;

/// Whether the caller has a second factor.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SecondFactor {
    /// Whether signing in asks for a code.
    enabled: bool,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
}

/// Whether signing in asks the caller for a code, and how many recovery codes are left.
#[utoipa::path(
    get, path = "/second-factor", tag = "users", operation_id = "getSecondFactor",
    responses((status = 200, description = "The second factor", body = SecondFactor))
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user): Caller,
) -> Result<Json<SecondFactor>, Problem> {
    let mut connection =
        state.database.acquire().await.during(format_args!("read the second factor of user {user}"))?;
    let enabled = store::second_factors::is_on(&mut connection, user).await?;
    let recovery_codes_left = store::recovery_codes::count(&mut connection, user).await?;
    Ok(Json(SecondFactor { enabled, recovery_codes_left }))
}
