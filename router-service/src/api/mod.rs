//! HTTP endpoints: one file per operation.

mod add_person;
mod claim_for;
mod claim_line;
mod confirm_payment;
mod correct_cheque;
mod delete_cheque;
mod enter_cheque;
mod get_cheque;
mod get_dues;
mod get_preview;
mod join;
mod leave;
mod list_activity;
mod list_cheques;
mod pay_cash;
mod refund;
mod remind;
mod renew;
mod report_payment;
mod set_advances;
mod set_joining;
mod set_method;
mod set_negative;
mod set_rate;
mod set_title;
mod settle;
mod watch;

mod groups;

mod change;
mod keyed;
mod line_body;
mod line_edits;
mod nested_body;
mod open;
mod problems;
mod title_fields;
mod visitor;

use crate::state::State;
use axum::Router;
use http_api::docs;
use http_api::problem;
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    docs::documented(router.with_state(state), document)
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about =
        docs::about("Chipin router", "Share links: participants split a cheque together and settle their dues.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(list_cheques::handler, enter_cheque::handler))
        .routes(routes!(get_cheque::handler, delete_cheque::handler))
        .routes(routes!(get_preview::handler))
        .routes(routes!(watch::handler))
        .routes(routes!(correct_cheque::handler))
        .routes(routes!(set_title::handler))
        .routes(routes!(join::handler))
        .routes(routes!(set_method::handler))
        .routes(routes!(claim_line::put, claim_line::delete))
        .routes(routes!(get_dues::handler))
        .routes(routes!(list_activity::handler))
        .routes(routes!(settle::handler))
        .routes(routes!(pay_cash::post, pay_cash::delete))
        .routes(routes!(refund::handler))
        .routes(routes!(renew::handler))
        .routes(routes!(leave::handler))
        .routes(routes!(set_joining::handler))
        .routes(routes!(set_negative::handler))
        .routes(routes!(set_rate::handler))
        .routes(routes!(add_person::handler))
        .routes(routes!(claim_for::put, claim_for::delete))
        .routes(routes!(set_advances::handler))
        .routes(routes!(report_payment::post, report_payment::delete))
        .routes(routes!(confirm_payment::handler))
        .routes(routes!(remind::handler))
        .merge(groups::routes())
        .merge(Operations::new(messaging).with_problem_types(problem::TYPES).routes())
}

#[cfg(test)]
mod tests {
    use super::documented;
    use http_api::docs;
    use rabbit_outbox::Messaging;
    use sqlx::PgPool;

    #[tokio::test]
    async fn the_openapi_document_is_valid() {
        // Nothing connects to either.
        let database = PgPool::connect_lazy("postgres://database.invalid").unwrap();
        let messaging = Messaging::new(crate::SERVICE, database, "amqp://broker.invalid");
        let document = serde_json::to_value(docs::complete(documented(messaging).into_openapi())).unwrap();
        assert_eq!(testkit::openapi::faults(&document), Vec::<String>::new());
    }
}
