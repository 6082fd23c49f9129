//! `GET /readings/{reading}`: how far a reading is.

use crate::state::State;
use crate::workers::pool::Stage;
use axum::{Json, extract};
use chassis::problem::{Problem, ProblemDocument};
use serde::Serialize;

/// How far a reading is.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = Reading)]
pub(super) struct ReadingJson {
    /// `queued`, `reading`, `read` or `refused`.
    state: &'static str,
    /// While queued: the place in the line, from 1; absent until the picture has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    /// While reading: the step that is being done, from 1; absent until the first begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    /// While reading: how many steps there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
}

impl From<Stage> for ReadingJson {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Queued { position } => Self { state: "queued", position, ..Self::default() },
            Stage::Reading { steps: 0, .. } => Self { state: "reading", ..Self::default() },
            Stage::Reading { step, steps } => {
                Self { state: "reading", step: Some(step), steps: Some(steps), ..Self::default() }
            }
            Stage::Read => Self { state: "read", ..Self::default() },
            Stage::Refused => Self { state: "refused", ..Self::default() },
        }
    }
}

/// How far the reading is that was begun with `?reading=<id>`. Who knows the id may ask; it is forgotten after some
/// minutes, and other replicas don't know it.
#[utoipa::path(
    get, path = "/readings/{reading}", tag = "cheques", operation_id = "getReading", security(),
    params(("reading" = uuid::Uuid, Path, description = "The id that the client made for it")),
    responses(
        (status = 200, body = ReadingJson),
        (status = 404, description = "Not known here, or not any more", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    extract::Path(id): extract::Path<String>,
) -> Result<Json<ReadingJson>, Problem> {
    let found = id.parse().ok().and_then(|id| state.readings.stage(id));
    found
        .map(|stage| Json(stage.into()))
        .ok_or_else(|| Problem::not_found("reading_not_found", "there is no such reading here, or not any more"))
}
