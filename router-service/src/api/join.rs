//! `POST /{hash}/participants`: joins the cheque under a name, or as a participant whom the owner has added.

use super::change::{self, of_version, try_lock};
use super::nested_body::{integer, name};
use super::open::cheque_hash;
use super::problems::no_such_cheque;
use super::settle::no_such_participant;
use super::visitor::{Token, Visitor};
use crate::domain::groups::take_place::PlaceRefusal;
use crate::domain::join::{JoinRefusal, Joined};
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::domain::take_over::TakeOverRefusal;
use crate::state::State;
use crate::store::groups::members;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::{ChequeHash, UserId};
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;
use postgres::idempotency::{self, Claim, Earlier, Scope, StoredResponse};
use rabbit_outbox::Transaction;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// In place of the user id of a guest; users have positive ones.
const NO_USER: i64 = 0;
/// Length of the shortest key of a new guest, in characters: a client that guesses the key gets the guest's token.
const GUEST_KEY_CHARACTERS_MIN: usize = 16;

/// The request body.
#[derive(utoipa::ToSchema)]
struct Join {
    /// 1 to 40 characters; optional with `participant`.
    #[schema(required = false)]
    name: Option<String>,
    /// Who you are, if the owner has added you by name.
    #[schema(required = false)]
    participant: Option<u32>,
}

/// The state, and for a new guest the secret token.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JoinedCheque)]
struct JoinedJson {
    /// As it was stored.
    #[serde(flatten)]
    #[schema(value_type = StateJson)]
    state: BTreeMap<String, Box<RawValue>>,
    /// Send it as `X-Participant-Token` with later requests. Only a repeated join with the same `Idempotency-Key` gets it
    /// again.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_token: Option<String>,
}

impl Join {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let participant = body.optional("participant", integer(1, u32::MAX));
        let name =
            if participant.is_some() { body.optional("name", name(40)) } else { body.required("name", name(40)) };
        body.finish()?;
        Ok(Self { name, participant })
    }
}

/// Joins the cheque, or changes your name. A request without `X-User-ID` joins as a guest and gets a secret token. With
/// both the header and a guest's token, the guest becomes that user and keeps their claims. With `participant`, you become
/// a participant whom the owner has added by name, unless another device or user is this participant.
#[utoipa::path(
    post, path = "/{hash}/participants", tag = "participants", operation_id = "joinCheque", request_body = Join,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "A retry with it gets the first response again, with the guest's token: draw it at random."),
    ),
    responses(
        (status = 201, description = "Joined", body = JoinedJson),
        (status = 200, description = "Had already joined", body = JoinedJson),
        (status = 409, description = "Too many participants, joining is closed, another visitor is this participant, or merging is impossible after settling", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let hash = cheque_hash(&hash)?;
    let keyed = Keyed::of(&headers, visitor, &hash, body.bytes())?;
    let wanted = Join::read(body)?;
    let scope = keyed.as_ref().map(|keyed| &keyed.scope);
    let token = keyed.as_ref().map_or_else(Token::draw, |keyed| Token::derive(&keyed.secret, &hash));
    let (joined, is_replay) = match begin(&state, &hash, visitor, scope).await? {
        Begun::Before(Earlier::Completed(joined)) => (joined, true),
        Begun::Before(earlier) => return earlier.respond(),
        Begun::Locked(tx, split) => (join(&state, *tx, &split, visitor, wanted, &token, scope).await?, false),
    };
    let is_new_guest = joined.status == StatusCode::CREATED && visitor.0.user_id.is_none();
    let joined = if is_new_guest { with_token(joined, token)? } else { joined };
    if is_replay { Earlier::Completed(joined).respond() } else { Ok(joined.into_response()) }
}

/// A request with an idempotency key.
struct Keyed {
    scope: Scope,
    /// What a new guest's token is derived from: the key, which is not stored for a guest.
    secret: Vec<u8>,
}

impl Keyed {
    /// Keys are scoped to the user, or else to the guest. The cheque, and the token of a guest who becomes a user, are
    /// part of the fingerprint, so a key cannot be reused for another cheque or guest.
    fn of(headers: &HeaderMap, visitor: Visitor, hash: &ChequeHash, body: &[u8]) -> Result<Option<Self>, Problem> {
        let guest = visitor.0.token.map(|token| token.0);
        let guest = guest.as_ref().map_or(&[][..], |token| &token[..]);
        let request = [hash.as_str().as_bytes(), guest, body].concat();
        let user_id = visitor.0.user_id.map_or(NO_USER, UserId::get);
        let scope = Scope::of(headers, user_id, "POST /{hash}/participants", &request)?;
        let is_short = |scope: &Scope| scope.key().chars().count() < GUEST_KEY_CHARACTERS_MIN;
        if user_id == NO_USER && guest.is_empty() && scope.as_ref().is_some_and(is_short) {
            let detail = "must have at least 16 random characters, because a new guest gets their secret again with it";
            return Err(Problem::invalid_parameter("Idempotency-Key", detail));
        }
        Ok(scope.map(|scope| {
            let secret = [guest, scope.key().as_bytes()].concat();
            let scope = if user_id == NO_USER { scope.of_anonymous(guest) } else { scope };
            Self { scope, secret }
        }))
    }
}

/// A transaction for a join.
enum Begun {
    /// There was an earlier request with this key.
    Before(Earlier),
    /// The cheque is locked.
    Locked(Box<Transaction>, Box<Split>),
}

/// Begins a transaction that holds the key and locks the cheque; a cheque that is not stored here yet is fetched first.
async fn begin(state: &State, hash: &ChequeHash, visitor: Visitor, scope: Option<&Scope>) -> Result<Begun, Problem> {
    for is_fetched in [false, true] {
        let mut tx = state.messaging.begin().await.during(format_args!("begin to join cheque {}", hash.shortened()))?;
        if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope).await? {
            tx.rollback().await.during(format_args!("roll back a repeated join of cheque {}", hash.shortened()))?;
            return Ok(Begun::Before(earlier));
        }
        if let Some((tx, split)) = try_lock(tx, hash, visitor).await? {
            return Ok(Begun::Locked(Box::new(tx), Box::new(split)));
        }
        if !is_fetched {
            state.fetcher.fetch(hash).await?;
        }
    }
    Err(no_such_cheque())
}

/// Joins, stores the response for a repeated request, and commits. The response does not contain the token.
async fn join(
    state: &State,
    mut tx: Transaction,
    before: &Split,
    visitor: Visitor,
    wanted: Join,
    token: &Token,
    scope: Option<&Scope>,
) -> Result<StoredResponse, Problem> {
    let joined = joined(before, visitor, wanted, token);
    let (after, id, status) = match joined.map_err(|problem| of_version(problem, before.version))? {
        Joined::New(after, id) => (after, id, StatusCode::CREATED),
        Joined::Existing(after, id) => (after, id, StatusCode::OK),
    };
    let after = if after.version == before.version {
        after
    } else {
        check_place(&mut tx, before, &after, id).await?;
        change::store(state, &mut tx, before, &after, Some(id)).await?
    };
    let body = serde_json::to_vec(&StateJson::of(&after, Some(id))).map_err(|error| Problem::internal(&error))?;
    let response = StoredResponse { status, location: None, body };
    idempotency::store(&mut tx, scope, &response).await?;
    tx.commit().await.during(format_args!("commit joining cheque {}", after.hash.shortened()))?;
    Ok(response)
}

/// A place whose due counts in a group as that of a member is not taken by another person.
async fn check_place(tx: &mut Transaction, before: &Split, after: &Split, id: ParticipantId) -> Result<(), Problem> {
    let holder = |split: &Split| split.participant(id).map(|one| (one.user_id, one.token));
    let Some((user_id, _)) = holder(after).filter(|_| holder(before).is_some() && holder(before) != holder(after))
    else {
        return Ok(());
    };
    let Some(place) = members::place(tx, &before.hash, id, user_id).await? else { return Ok(()) };
    let refused = |refusal: PlaceRefusal| Problem::new(StatusCode::CONFLICT, "place_in_group", refusal.to_string());
    place.check(user_id.is_some()).map_err(refused)
}

/// The visitor as a new participant, or as one whom the owner has added.
fn joined(before: &Split, visitor: Visitor, wanted: Join, token: &Token) -> Result<Joined, Problem> {
    if let Some(id) = wanted.participant.map(ParticipantId) {
        let split = before.take_over(visitor.0, id, wanted.name, token.hash()).map_err(not_theirs)?;
        return Ok(Joined::New(split, id));
    }
    // Without a participant, a body without a valid name was rejected.
    let name = wanted.name.ok_or_else(|| Problem::invalid_json("the name could not be read"))?;
    before.join(visitor.0, name, Some(token.hash())).map_err(problem)
}

/// Adds the token of a new guest, which is not stored.
fn with_token(response: StoredResponse, token: Token) -> Result<StoredResponse, Problem> {
    let internal = |error: serde_json::Error| Problem::internal(&error);
    let state = serde_json::from_slice(&response.body).map_err(internal)?;
    let joined = JoinedJson { state, participant_token: Some(token.into_secret()) };
    Ok(StoredResponse { body: serde_json::to_vec(&joined).map_err(internal)?, ..response })
}

fn not_theirs(refusal: TakeOverRefusal) -> Problem {
    let code = match refusal {
        TakeOverRefusal::NoSuchParticipant => return no_such_participant(),
        TakeOverRefusal::Taken => "place_taken",
        TakeOverRefusal::Joined => "joined_already",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}

pub(super) fn problem(refusal: JoinRefusal) -> Problem {
    let code = match refusal {
        JoinRefusal::TooMany => "too_many_participants",
        JoinRefusal::Closed => "joining_closed",
        JoinRefusal::SettledAlready => "settled_already",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
