//! `POST /load-image`: reads a cheque from a photo.

use super::cheque_json::ChequeJson;
use super::{refusals, upload};
use crate::domain::kept_cheque::KeptCheque;
use crate::state::State;
use crate::store;
use crate::store::photos::{Photos, PhotosError};
use crate::workers::picture;
use crate::workers::pool::{Reading, Stage};
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use chassis::clock;
use chassis::identity::Caller;
use chassis::problem::{Problem, ProblemDocument};
use contracts::ids::{ChequeHash, UserId};
use http::{StatusCode, header};
use rand::Rng;
use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

/// When a place for one more upload should be free, in seconds.
const UPLOAD_RETRY_AFTER_SECS: u32 = 5;

/// How the reading can be watched.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Watch {
    /// A random UUID that the client makes, under which it can ask how far the reading is.
    reading: Option<String>,
}

/// The body: one part with the picture.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the body, which is read part by part")]
struct LoadImage {
    /// JPEG, PNG or WebP, at most 10 MB and 40 megapixels.
    #[schema(content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Reads a cheque from a photo; the answer comes when it is read, some seconds later.
#[utoipa::path(
    post, path = "/load-image", tag = "cheques", operation_id = "loadImage", params(Watch),
    request_body(content = LoadImage, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Read, well or badly: see `cheque.status`", body = ChequeJson,
            headers(("Location" = String))),
        (status = 413, description = "More than 10 MB, or than 40 megapixels", body = ProblemDocument),
        (status = 415, description = "No JPEG, PNG or WebP", body = ProblemDocument),
        (status = 422, description = "No picture, a broken one, or one that can't be read", body = ProblemDocument),
        (status = 503, description = "Too many pictures wait", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    caller: Caller,
    extract::Query(watch): extract::Query<Watch>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let user_id = super::user_of(caller)?;
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
    let kept = keep(state, user_id, reading).await?;
    Ok(ChequeJson::new(&kept, cheque, &state.share_base_url))
}

/// Receives the picture and looks at its header, so that what can't be read never waits in line.
async fn receive(state: &State, multipart: Multipart) -> Result<Bytes, Problem> {
    let _place = state.uploads.try_acquire().map_err(|_| refusals::queue_full(UPLOAD_RETRY_AFTER_SECS))?;
    let picture = upload::receive(multipart).await?;
    picture::check(&picture).map_err(refusals::refused)?;
    Ok(picture)
}

/// Keeps the photo, then the cheque with its announcement, then hands it over.
///
/// The order matters: a row never names a photo that is not there, and nobody is told of what may not have committed.
/// A photo without a row, left by a crash between the two, is swept.
async fn keep(state: &State, owner_id: UserId, reading: Reading) -> Result<KeptCheque, Problem> {
    let hash = ChequeHash::from_random(random_digits());
    let now = clock::now();
    let kept = KeptCheque::new(hash, owner_id, reading.cheque, now, state.cheque_ttl);
    let photo_key = Photos::key(&kept.hash);
    let photo_bytes = i64::try_from(reading.photo.len()).unwrap_or(i64::MAX);
    let not_put = |failure: PhotosError| Problem::internal(&failure);
    state.photos.put(&photo_key, reading.photo).await.map_err(not_put)?;
    let mut tx = state.messaging.begin().await?;
    store::cheques::insert(&mut tx, &kept, &photo_key, photo_bytes).await?;
    let recognized = kept.recognized(now);
    if let Some(recognized) = &recognized {
        tx.append(recognized, 1).map_err(|error| Problem::internal(&error))?;
    }
    tx.commit().await.map_err(rabbit_outbox::transaction::CommitError::into_source)?;
    if let Some(recognized) = &recognized {
        state.cache.put(recognized, now).await;
    }
    Ok(kept)
}

/// Drawn from a cryptographic generator that the system seeds: the key of a link is the only secret of it.
fn random_digits() -> [u8; ChequeHash::CHARACTERS] {
    let mut generator = rand::rng();
    std::array::from_fn(|_| generator.random_range(0..62))
}
