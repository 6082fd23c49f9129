//! `POST /logout`: sign out.

use super::read;
use super::refresh::Refresh;
use crate::state::State;
use crate::store;
use axum::extract;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::Problem;
use postgres::During;

/// Ends the session of a refresh token; an invalid token is not an error.
#[utoipa::path(
    post, path = "/logout", tag = "users", operation_id = "logout", security(), request_body = Refresh,
    responses((status = 204, description = "The session has ended, or the token is unknown"))
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    mut body: JsonBody,
) -> Result<StatusCode, Problem> {
    let presented = body.required("refresh_token", read::refresh_token);
    body.finish()?;
    if let Some(presented) = presented {
        let mut tx = state.messaging.begin().await.during("begin to end a session")?;
        store::refresh_tokens::revoke_family_of(&mut tx, &presented.hash()).await?;
        tx.commit().await.during("commit the end of a session")?;
    }
    Ok(StatusCode::NO_CONTENT)
}
