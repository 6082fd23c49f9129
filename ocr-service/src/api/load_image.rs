//! `POST /load-image`: recognises a cheque on a photo.

use super::cheque_json::ChequeJson;
use super::{refusals, upload};
use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use crate::store;
use crate::store::photos::{Photos, PhotosError};
use crate::workers::picture;
use crate::workers::pool::Reading;
use crate::workers::stage::Stage;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use contracts::ids::{ChequeHash, UserId};
use http::{StatusCode, header};
use http_api::extract::Query;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;
use rand::Rng;
use serde::Deserialize;
use tokio::sync::watch;
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
    post, path = "/load-image", tag = "cheques", operation_id = "loadImage", params(Watch),
    request_body(content = LoadImage, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Recognised; see `cheque.status` for the quality", body = ChequeJson,
            headers(("Location" = String))),
        (status = 413, description = "More than 10 MB, or than 40 megapixels", body = ProblemDocument),
        (status = 415, description = "Not a JPEG, PNG or WebP", body = ProblemDocument),
        (status = 422, description = "The picture is missing, broken or unreadable", body = ProblemDocument),
        (status = 503, description = "Too many pictures are queued", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Query(watch): Query<Watch>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let user_id = super::user_of::user_of(caller)?;
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
    let outcome = load_image(&state, user_id, multipart, progress.clone()).await;
    progress.send_replace(if outcome.is_ok() { Stage::Read } else { Stage::Refused });
    let read = outcome?;
    Ok((StatusCode::CREATED, [(header::LOCATION, read.url.clone())], Json(read)).into_response())
}

async fn load_image(
    state: &State,
    user_id: UserId,
    multipart: Multipart,
    progress: watch::Sender<Stage>,
) -> Result<ChequeJson, Problem> {
    let picture = receive(state, multipart).await?;
    let reading = state.pool.read(picture, progress).await.map_err(refusals::not_read)?;
    let cheque = reading.cheque.clone();
    let stored = store_cheque(state, user_id, reading).await?;
    Ok(ChequeJson::new(&stored, cheque, &state.share_base_url))
}

/// Receives the picture and checks its header, so that unsuitable pictures never enter the queue.
async fn receive(state: &State, multipart: Multipart) -> Result<Bytes, Problem> {
    let _permit = state.uploads.try_acquire().map_err(|_| refusals::queue_full(UPLOAD_RETRY_AFTER_SECS))?;
    let picture = upload::receive(multipart).await?;
    picture::check(&picture).map_err(refusals::refused)?;
    Ok(picture)
}

/// Stores the photo, then the cheque with its event, then hands the cheque to the cache.
///
/// The order matters: a row never refers to a missing photo, and nothing is published before the commit. A crash
/// between the first two steps leaves a photo without a row, which the janitor deletes later.
async fn store_cheque(state: &State, owner_id: UserId, reading: Reading) -> Result<StoredCheque, Problem> {
    let hash = ChequeHash::from_random(random_digits());
    let now = clock::now();
    let stored = StoredCheque::new(hash, owner_id, reading.cheque, now, state.cheque_ttl);
    let photo_key = Photos::key(&stored.hash);
    let photo_bytes = i64::try_from(reading.photo.len()).unwrap_or(i64::MAX);
    let not_put = |failure: PhotosError| Problem::internal(&failure);
    state.photos.put(&photo_key, reading.photo).await.map_err(not_put)?;
    let mut tx = state.messaging.begin().await?;
    store::cheques::insert(&mut tx, &stored, &photo_key, photo_bytes).await?;
    let recognized = stored.recognized(now);
    if let Some(recognized) = &recognized {
        tx.append(recognized, 1).map_err(|error| Problem::internal(&error))?;
    }
    tx.commit().await.map_err(rabbit_outbox::transaction::CommitError::into_source)?;
    if let Some(recognized) = &recognized {
        state.cache.put(recognized, now).await;
    }
    Ok(stored)
}

/// Uses a cryptographic generator that is seeded by the operating system: the key of a link is its only secret.
fn random_digits() -> [u8; ChequeHash::CHARACTERS] {
    let mut generator = rand::rng();
    std::array::from_fn(|_| generator.random_range(0..62))
}
