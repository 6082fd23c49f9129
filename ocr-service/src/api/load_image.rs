//! `POST /load-image`: recognises a cheque on a photo.

use super::cheque_json::ChequeJson;
use super::store_cheque::{Stored, store_cheque};
use super::store_page::store_page;
use super::target::Target;
use super::{refusals, upload};
use crate::state::State;
use crate::store::quotas;
use crate::uploads::NoPlace;
use crate::workers::picture;
use crate::workers::stage::Stage;
use axum::body::Bytes;
use axum::extract;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::{IntoResponse, Response};
use contracts::ids::UserId;
use http::{HeaderMap, StatusCode};
use http_api::extract::Query;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use postgres::idempotency::{self, Claim, Earlier, Scope};
use process::clock;
use serde::Deserialize;
use telemetry::chain;
use time::Date;
use tokio::sync::watch;
use tracing::error;
use uuid::Uuid;

/// `Retry-After` in seconds when too many uploads are in progress.
const UPLOAD_RETRY_AFTER_SECS: u32 = 5;

/// Options: what the picture belongs to, and how to follow the progress.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Watch {
    /// A random UUID chosen by the client, under which it can query the progress of the reading.
    reading: Option<String>,
    /// The key of a cheque of the user, of which this is another photo. Its lines are added soon after the response, unless
    /// money has moved by then.
    cheque: Option<String>,
    /// With `cheque`: `true` if the photo takes the place of what was read before. Only while no line is claimed.
    again: Option<String>,
}

/// The body: one part with the picture.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes the body, which is parsed part by part")]
struct LoadImage {
    /// JPEG, PNG, WebP, HEIC or PDF, at most 10 MB and 40 megapixels. Of a PDF, the first five pages are read.
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
        (status = 404, description = "`cheque` does not exist or belongs to another user; with `Retry-After`, because a bill that was entered by hand a moment ago may become known here", body = ProblemDocument),
        (status = 409, description = "The first request with this key is just being completed, or the cheque has too many photos", body = ProblemDocument),
        (status = 410, description = "`cheque` was deleted, or has expired", body = ProblemDocument),
        (status = 413, description = "More than 10 MB, or than 40 megapixels", body = ProblemDocument),
        (status = 415, description = "Neither a picture nor a PDF", body = ProblemDocument),
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
    let target = Target::of(&state, user_id, watch.cheque, watch.again).await?;
    let progress = state.readings.begin(reading_id);
    let outcome = load_image(&state, user_id, &headers, multipart, &target, progress.clone()).await;
    progress.send_replace(if outcome.is_ok() { Stage::Read } else { Stage::Refused });
    outcome
}

async fn load_image(
    state: &State,
    user_id: UserId,
    headers: &HeaderMap,
    multipart: Multipart,
    target: &Target,
    progress: watch::Sender<Stage>,
) -> Result<Response, Problem> {
    let picture = receive(state, user_id, multipart).await?;
    // Of the picture, not of the body: each request has another multipart boundary.
    let scope = Scope::of(headers, user_id.get(), "POST /load-image", &target.fingerprint(&picture))?;
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
    let stored = match target {
        Target::New => store_cheque(state, user_id, reading, scope.as_ref()).await?,
        Target::Page(page) => store_page(state, user_id, page, reading, scope.as_ref()).await?,
    };
    match stored {
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
