//! Where the credentials of a request are.

use http::HeaderMap;
use identity::Principal;
use uuid::Uuid;

/// The credentials of a request.
pub(crate) struct Credentials<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The query, for WebSockets only: browsers can't set headers when they open one.
    pub(crate) socket_query: Option<&'a str>,
    /// Of the ticket in the WebSocket's query, if the ticket was valid.
    pub(crate) ticket_principal: Option<Identified>,
}

/// A principal, and the session in which they signed in; in development there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) principal: Principal,
    pub(crate) session: Option<Uuid>,
}
