//! `POST /logout`: sign out.

use super::read;
use super::refresh::Refresh;
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use axum::extract;
use contracts::ids::UserId;
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
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<StatusCode, Problem> {
    let presented = body.required("refresh_token", read::refresh_token);
    body.finish()?;
    if let Some(presented) = presented {
        let mut tx = state.messaging.begin().await.during("begin to end a session")?;
        let user = store::refresh_tokens::revoke_family_of(&mut tx, &presented.hash()).await?;
        let recorded = match user.map(UserId::try_from) {
            Some(Ok(user)) => Some(audit::record(&mut tx, AuditEvent::of(Kind::SignOut, user, &client)).await?),
            Some(Err(_)) | None => None,
        };
        tx.commit().await.during("commit the end of a session")?;
        if let Some(recorded) = recorded {
            recorded.log();
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
