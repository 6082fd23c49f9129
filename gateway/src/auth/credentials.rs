//! Where the credentials of a request are.

use http::HeaderMap;
use identity::Principal;

/// The credentials of a request.
pub(crate) struct Credentials<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The query, for WebSockets only: browsers can't set headers when they open one.
    pub(crate) socket_query: Option<&'a str>,
    /// The principal of the ticket in the WebSocket's query, if the ticket was valid.
    pub(crate) ticket_principal: Option<Principal>,
}
