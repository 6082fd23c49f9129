//! `POST /load-image`: recognises a cheque on a photo.

use super::cheque_json::ChequeJson;
use super::{refusals, upload};
use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use crate::store;
use crate::store::photos::{Photos, PhotosError};
use crate::store::quotas;
use crate::uploads::NoPlace;
use crate::workers::picture;
use crate::workers::pool::Reading;
use crate::workers::stage::Stage;
use axum::body::Bytes;
use axum::extract;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::{IntoResponse, Response};
use contracts::ids::{ChequeHash, UserId};
use http::{HeaderMap, StatusCode};
use http_api::extract::Query;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use postgres::idempotency::{self, Claim, Earlier, Scope, StoredResponse};
use process::clock;
use rand::Rng;
use serde::Deserialize;
use telemetry::chain;
use time::Date;
use tokio::sync::watch;
use tracing::error;
use uuid::Uuid;

/// `Retry-After` in seconds when too many uploads are in progress.
const UPLOAD_RETRY_AFTER_SECS: u32 = 5;

/// Options for following the progress.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Watch {
    /// A random UUID chosen by the client, under which it can query the progress of the reading.
    reading: Option<String>,
}

/// The body: one part with the picture.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the body, which is parsed part by part")]
struct LoadImage {
    /// JPEG, PNG or WebP, at most 10 MB and 40 megapixels.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Recognises a cheque on a photo. The response comes some seconds later, when the reading is complete.
#[utoipa::path(
    post, path = "/load-image", tag = "cheques", operation_id = "loadImage",
    params(
        Watch,
        ("Idempotency-Key" = Option<String>, Header,
            description = "A retry with it and the same picture gets the first response again."),
    ),
    request_body(content = LoadImage, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Recognised; see `cheque.status` for the quality", body = ChequeJson,
            headers(("Location" = String))),
        (status = 409, description = "The first request with this key is just being completed", body = ProblemDocument),
        (status = 413, description = "More than 10 MB, or than 40 megapixels", body = ProblemDocument),
        (status = 415, description = "Not a JPEG, PNG or WebP", body = ProblemDocument),
        (status = 422, description = "The picture is missing, broken or unreadable", body = ProblemDocument),
        (status = 429, description = "Too many pictures of this user, at the same time or today", body = ProblemDocument),
        (status = 503, description = "Too many pictures are queued", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let reading_id: Option<Uuid> = watch
        .reading
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| Problem::invalid_parameter("reading", "must be a UUID"))?;
    let multipart = multipart.map_err(|_| {
        let detail = "send the picture as multipart/form-data, in a part named `file`";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    })?;
    let progress = state.readings.begin(reading_id);
    let outcome = load_image(&state, user_id, &headers, multipart, progress.clone()).await;
    progress.send_replace(if outcome.is_ok() { Stage::Read } else { Stage::Refused });
    outcome
}

async fn load_image(
    state: &State,
    user_id: UserId,
    headers: &HeaderMap,
    multipart: Multipart,
    progress: watch::Sender<Stage>,
) -> Result<Response, Problem> {
    let picture = receive(state, user_id, multipart).await?;
    // Of the picture, not of the body: each request has another multipart boundary.
    let scope = Scope::of(headers, user_id.get(), "POST /load-image", &picture)?;
    if let Some(earlier) = earlier(state, user_id, scope.as_ref()).await? {
        return earlier.respond();
    }
    let counted = count(state, user_id, picture.len()).await?;
    // No transaction is open while the picture is read. A request with the same key may be read at the same time, and
    // the first one to be stored is the answer to both.
    let reading = match state.pool.read(user_id, picture, progress).await {
        Ok(reading) => reading,
        Err(failure) => {
            if !failure.has_cost()
                && let Err(failure) = quotas::give_back(&state.database, user_id, counted.day, counted.bytes).await
            {
                // The client learns why its picture was not read; one of its day's pictures stays counted.
                error!(error = %chain(&failure), "a picture that was not read stays counted: {failure}");
            }
            return Err(refusals::not_read(failure));
        }
    };
    match store_cheque(state, user_id, reading, scope.as_ref()).await? {
        Stored::Now(response) => Ok(response.into_response()),
        Stored::Before(earlier) => earlier.respond(),
    }
}

/// The earlier request with this key, if there was one.
async fn earlier(state: &State, user_id: UserId, scope: Option<&Scope>) -> Result<Option<Earlier>, Problem> {
    if scope.is_none() {
        return Ok(None);
    }
    let mut tx =
        state.messaging.begin().await.during(format_args!("begin to look for an earlier upload of user {user_id}"))?;
    let claim = idempotency::claim(&mut tx, scope).await?;
    tx.rollback().await.during(format_args!("roll back after looking for an earlier upload of user {user_id}"))?;
    Ok(match claim {
        Claim::New => None,
        Claim::Respond(earlier) => Some(earlier),
    })
}

/// A picture that was counted for its user.
struct Counted {
    day: Date,
    bytes: i64,
}

/// Counts a picture for its user's day.
async fn count(state: &State, user_id: UserId, bytes: usize) -> Result<Counted, Problem> {
    let now = clock::now();
    let counted = Counted { day: now.date(), bytes: i64::try_from(bytes).unwrap_or(i64::MAX) };
    if quotas::take(&state.database, user_id, counted.day, counted.bytes, state.daily_quota).await? {
        Ok(counted)
    } else {
        Err(refusals::quota_used_up(now))
    }
}

/// Receives the picture and checks its header, so that unsuitable pictures never enter the queue.
async fn receive(state: &State, user_id: UserId, multipart: Multipart) -> Result<Bytes, Problem> {
    let _place = state.uploads.place(user_id).await.map_err(|no_place| match no_place {
        NoPlace::User => refusals::too_many(),
        NoPlace::Full => refusals::queue_full(UPLOAD_RETRY_AFTER_SECS),
    })?;
    let picture = upload::receive(multipart).await?;
    picture::check(&picture).map_err(refusals::refused)?;
    Ok(picture)
}

/// Stores the photo, then the cheque with its event, then hands the cheque to the cache.
///
/// The order matters: a row never refers to a missing photo, and nothing is published before the commit. A crash
/// between the first two steps leaves a photo without a row, which the janitor deletes later.
async fn store_cheque(
    state: &State,
    owner_id: UserId,
    reading: Reading,
    scope: Option<&Scope>,
) -> Result<Stored, Problem> {
    let hash = ChequeHash::from_random(random_digits());
    let now = clock::now();
    let stored = StoredCheque::new(hash, owner_id, reading.cheque.clone(), now, state.cheque_ttl);
    let photo_key = Photos::key(&stored.hash);
    let photo_bytes = i64::try_from(reading.photo.len()).unwrap_or(i64::MAX);
    let failed = |failure: PhotosError| Problem::internal(&failure);
    state.photos.put(&photo_key, reading.photo).await.map_err(failed)?;
    let short = stored.hash.shortened();
    let mut tx =
        state.messaging.begin().await.during(format_args!("begin to store cheque {short} of user {owner_id}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope).await? {
        tx.rollback().await.during(format_args!("roll back a repeated upload of user {owner_id}"))?;
        state.photos.delete(&photo_key).await.map_err(failed)?;
        return Ok(Stored::Before(earlier));
    }
    store::cheques::insert(&mut tx, &stored, &photo_key, photo_bytes).await?;
    let recognized = stored.recognized(now);
    if let Some(recognized) = &recognized {
        tx.append(recognized, 1).map_err(|error| Problem::internal(&error))?;
    }
    let response = response(&ChequeJson::new(&stored, reading.cheque, &state.share_base_url))?;
    idempotency::store(&mut tx, scope, &response).await?;
    tx.commit().await.during(format_args!("commit cheque {short} of user {owner_id}"))?;
    if let Some(recognized) = &recognized {
        state.cache.put(recognized, now).await;
    }
    Ok(Stored::Now(response))
}

/// What became of a cheque.
enum Stored {
    /// It was stored.
    Now(StoredResponse),
    /// Nothing was stored: there was an earlier request with its key.
    Before(Earlier),
}

fn response(read: &ChequeJson) -> Result<StoredResponse, Problem> {
    let body = serde_json::to_vec(read).map_err(|error| Problem::internal(&error))?;
    Ok(StoredResponse { status: StatusCode::CREATED, location: Some(read.url.clone()), body })
}

/// Uses a cryptographic generator that is seeded by the operating system: the key of a link is its only secret.
fn random_digits() -> [u8; ChequeHash::CHARACTERS] {
    let mut generator = rand::rng();
    std::array::from_fn(|_| generator.random_range(0..62))
}
