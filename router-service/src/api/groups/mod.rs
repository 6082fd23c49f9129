//! HTTP endpoints of groups: one file per operation.

mod add_expense;
mod change_group;
mod count_cheque;
mod create_group;
mod edit_expense;
mod expense_history;
mod export_csv;
mod get_group;
mod join_group;
mod leave_group;
mod list_groups;
mod settle_up;
mod withdraw;

mod access;
mod entry_body;
mod once;

use crate::state::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of groups.
pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list_groups::handler, create_group::handler))
        .routes(routes!(get_group::handler, change_group::handler))
        .routes(routes!(join_group::handler))
        .routes(routes!(leave_group::handler))
        .routes(routes!(add_expense::handler))
        .routes(routes!(edit_expense::put, edit_expense::delete))
        .routes(routes!(expense_history::handler))
        .routes(routes!(count_cheque::put, count_cheque::delete))
        .routes(routes!(settle_up::handler))
        .routes(routes!(withdraw::handler))
        .routes(routes!(export_csv::handler))
}
