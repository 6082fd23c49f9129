//! `POST /register`: creates a user and signs them in.

use super::read;
use super::session_json::Session;
use crate::create_user;
use crate::state::State;
use crate::store;
use crate::tokens::RefreshToken;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Role;
use postgres::During;

/// A login and a password.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Credentials {
    /// 3 to 40 characters of a-z, 0-9, dot, underscore and hyphen, beginning with a letter; case does not matter.
    #[schema(example = "anna")]
    login: String,
    /// 8 to 200 characters.
    #[schema(example = "correct horse battery")]
    password: String,
}

/// Creates a user; payments-service opens an account for them.
#[utoipa::path(
    post, path = "/register", tag = "users", operation_id = "register", security(), request_body = Credentials,
    responses(
        (status = 201, description = "Registered and signed in", body = Session),
        (status = 409, description = "The login is taken", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    mut body: JsonBody,
) -> Result<(StatusCode, Json<Session>), Problem> {
    let login = body.required("login", read::login);
    let password = body.required("password", read::password);
    body.finish()?;
    let (Some(login), Some(password)) = (login, password) else { return Err(super::problems::wrong_credentials()) };
    let is_admin = state.admin_logins.iter().any(|admin| admin == login.as_str());
    let role = if is_admin { Role::Administrator } else { Role::User };
    let hash = state.passwords.hash(password).await?;
    let token = RefreshToken::random()?;

    let mut tx = state.messaging.begin().await.during("begin a registration")?;
    let Some(user) = create_user::create_user(&mut tx, &login, &hash, role).await? else {
        return Err(Problem::new(StatusCode::CONFLICT, "login_taken", "this login is already taken"));
    };
    store::refresh_tokens::start_session(&mut tx, user.id, &token.hash()).await?;
    tx.commit().await.during(format_args!("commit the registration of user {}", user.id))?;
    let session = Session::new(&state.keys, user, token).map_err(|failure| Problem::internal(&failure))?;
    Ok((StatusCode::CREATED, Json(session)))
}
