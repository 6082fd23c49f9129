//! `DELETE /operations/dead-letters/{direction}/{event_id}`: deletes a settled letter.

use crate::acting::Letters;
use crate::errors::settle_problem;
use crate::letter_id::LetterId;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use http::StatusCode;

/// Deletes a letter that was replayed or discarded, with its contents.
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/operations/dead-letters/{direction}/{event_id}", tag = "operations",
    operation_id = "deleteDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is open: replay or discard it first", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    Letters(letters): Letters,
    LetterId { direction, event_id }: LetterId,
) -> Result<StatusCode, Problem> {
    let deleted = letters.delete(direction, event_id).await;
    deleted.map_err(|failure| settle_problem(format_args!("delete {direction} dead letter {event_id}"), &failure))?;
    Ok(StatusCode::NO_CONTENT)
}
