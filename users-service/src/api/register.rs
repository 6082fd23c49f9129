//! `POST /register`: creates a user and signs them in.

use super::login::{Credentials, sign_in};
use super::read;
use super::session_json::Session;
use super::signed_in::{Challenge, SignedIn, start_session};
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::create_user;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::state::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Role;
use postgres::idempotency::{self, Claim, Earlier, Scope, StoredResponse};
use postgres::{During, StoreError};
use sqlx::PgConnection;

/// The user of keys of clients that have no user yet.
const NO_USER: i64 = 0;

/// Creates a user; payments-service opens an account for them.
#[utoipa::path(
    post, path = "/register", tag = "users", operation_id = "register", security(), request_body = Credentials,
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "A retry with it, and with the same password, signs in the user that the first request created."),
    ),
    responses(
        (status = 201, description = "Registered and signed in", body = Session),
        (status = 202, description = "A retry, for a user who has a second factor now; the second step is missing",
            body = Challenge),
        (status = 409, description = "The login is taken", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or the key was used with another login or password",
            body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    headers: HeaderMap,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Response, Problem> {
    let login = body.required("login", read::login);
    let password = body.required("password", |json| read::new_password(json, login.as_ref()));
    body.finish()?;
    let (Some(login), Some(password)) = (login, password) else { return Err(super::problems::wrong_credentials()) };
    let scopes = Scopes::of(&headers, &client, &login)?;
    // No transaction is open while the password is hashed: database connections are few.
    let hash = state.passwords.hash(password.clone()).await?;

    let mut tx = state.messaging.begin().await.during("begin a registration")?;
    if let Some(earlier) = scopes.claim(&mut tx).await? {
        tx.rollback().await.during("roll back a repeated registration")?;
        return repeat(&state, &client, earlier, &login, password).await;
    }
    let Some(user) = create_user::create_user(&mut tx, &login, &hash, Role::User).await? else {
        return Err(Problem::new(StatusCode::CONFLICT, "login_taken", "this login is already taken"));
    };
    let id = user.id;
    let session = start_session(&mut tx, &state, &client, user).await?;
    let registered = StoredResponse { status: StatusCode::CREATED, location: None, body: b"{}".to_vec() };
    scopes.store(&mut tx, &registered).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::Registration, id, &client)).await?;
    tx.commit().await.during(format_args!("commit the registration of user {id}"))?;
    recorded.log();
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

/// The scopes of the request's key. There is no user yet, so a retry is found by the login, also one from another address.
/// A key that was used for another login is found by the address of the client only: what other clients do with it shows
/// nowhere. Nothing that depends on the password is stored with the key: its hash would be a fast one.
struct Scopes(Option<[Scope; 2]>);

impl Scopes {
    fn of(headers: &HeaderMap, client: &ClientInfo, login: &Login) -> Result<Self, Problem> {
        let login = login.as_str().as_bytes();
        let address = client.address().unwrap_or_default();
        let of_login = Scope::of(headers, NO_USER, "POST /register", login)?.map(|scope| scope.of_anonymous(login));
        let of_client = Scope::of(headers, NO_USER, "POST /register from", login)?
            .map(|scope| scope.of_anonymous(address.as_bytes()));
        Ok(Self(of_login.zip(of_client).map(|(of_login, of_client)| [of_login, of_client])))
    }

    /// The earlier request with this key, if there is one.
    async fn claim(&self, connection: &mut PgConnection) -> Result<Option<Earlier>, StoreError> {
        let Some(scopes) = &self.0 else { return Ok(None) };
        let claims = idempotency::claim_all(connection, &scopes.each_ref().map(Some)).await?;
        Ok(claims.into_iter().find_map(|claim| match claim {
            Claim::Respond(earlier) => Some(earlier),
            Claim::New => None,
        }))
    }

    async fn store(&self, connection: &mut PgConnection, response: &StoredResponse) -> Result<(), StoreError> {
        let Some(scopes) = &self.0 else { return Ok(()) };
        idempotency::store_all(connection, &scopes.each_ref().map(|scope| (scope, response))).await
    }
}

/// The response to a repeated request. Tokens are not stored, so it is a new session of the user who was created.
async fn repeat(
    state: &State,
    client: &ClientInfo,
    earlier: Earlier,
    login: &Login,
    password: Password,
) -> Result<Response, Problem> {
    let Earlier::Completed(registered) = earlier else { return earlier.respond() };
    match sign_in(state, client, login, password).await {
        Ok(SignedIn::Session(session)) => {
            let body = serde_json::to_vec(&session).map_err(|failure| Problem::internal(&failure))?;
            Earlier::Completed(StoredResponse { body, ..registered }).respond()
        }
        // They have turned on a second factor since.
        Ok(challenge @ SignedIn::Challenge(_)) => Ok(challenge.into_response()),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Earlier::OtherRequest.respond(),
        Err(problem) => Err(problem),
    }
}
