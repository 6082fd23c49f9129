//! `GET /cheques/{hash}/photo`: the photo, for everyone who has the link.

use crate::state::State;
use crate::store::pages;
use crate::store::photos::PhotosError;
use axum::extract;
use axum::response::{IntoResponse, Response};
use http::header;
use http_api::extract::{Path, Query};
use http_api::problem::{Problem, ProblemDocument};
use process::clock;
use serde::Deserialize;
use tracing::error;

/// A JPEG.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes the body")]
struct Jpeg(Vec<u8>);

/// Which photo.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The number of the photo; 1 if omitted.
    page: Option<String>,
}

/// A photo of a cheque: upright and without the camera's metadata. The key is the only credential.
#[utoipa::path(
    get, path = "/cheques/{hash}/photo", tag = "cheques", operation_id = "getPhoto", security(),
    params(Which, ("hash" = String, Path, description = "The key of the cheque's link")),
    responses(
        (status = 200, description = "The photo", content_type = "image/jpeg", body = Jpeg),
        (status = 404, description = "Not there", body = ProblemDocument),
        (status = 410, description = "Deleted, or expired", body = ProblemDocument),
        (status = 422, description = "The number is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Path(hash): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let page = which
        .page
        .map_or(Ok(1), |text| text.parse())
        .map_err(|_| Problem::invalid_parameter("page", "must be the number of a photo"))?;
    let stored = super::find_cheque::find(&state, hash).await?;
    if stored.open(clock::now()).is_none() {
        return Err(super::find_cheque::expired());
    }
    let Some(key) = pages::photo_key(&state.database, &stored.hash, page).await? else {
        return Err(Problem::not_found("photo_not_found", "the cheque has no photo with this number"));
    };
    let photo = state.photos.get(&key).await.map_err(|failure: PhotosError| Problem::internal(&failure))?;
    let Some(photo) = photo else {
        // The cheque's key is a secret, so only its beginning is logged.
        let cheque = stored.hash.shortened();
        error!(%cheque, read_at = %stored.created_at, "the photo of cheque {cheque} is missing");
        return Err(Problem::not_found("cheque_not_found", "the photo of this cheque is missing"));
    };
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        // It is personal, and gone when its cheque is deleted. The page loads it once.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Never the name that the uploaded file had.
        (header::CONTENT_DISPOSITION, "inline; filename=\"bill.jpg\""),
    ];
    Ok((headers, photo).into_response())
}
