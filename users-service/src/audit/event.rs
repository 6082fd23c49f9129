//! An event of the audit trail.

use super::{Kind, Outcome};
use crate::client::ClientInfo;
use contracts::ids::UserId;
use tracing::info;

/// What was done, by whom, to whom and from where. Texts are fixed: nothing that a client wrote, and no secret, gets into
/// the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// What.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it, if known.
    pub actor: Option<UserId>,
    /// The user whom it is about, if known.
    pub subject: Option<UserId>,
    /// The address of the client.
    pub address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// More about it.
    pub detail: Option<&'static str>,
    /// How often.
    pub count: i64,
}

impl AuditEvent {
    /// Something that happened once, by a request of this client.
    pub fn new(kind: Kind, outcome: Outcome, client: &ClientInfo) -> Self {
        let (address, request_id) = (client.address(), client.request_id().map(str::to_owned));
        Self { kind, outcome, actor: None, subject: None, address, request_id, detail: None, count: 1 }
    }

    /// Something that a user did for themselves.
    pub fn of(kind: Kind, user: UserId, client: &ClientInfo) -> Self {
        Self { actor: Some(user), subject: Some(user), ..Self::new(kind, Outcome::Done, client) }
    }

    /// Something that a user did to another.
    pub fn by(kind: Kind, actor: UserId, subject: UserId, client: &ClientInfo) -> Self {
        Self { actor: Some(actor), subject: Some(subject), ..Self::new(kind, Outcome::Done, client) }
    }

    /// With a detail.
    #[must_use]
    pub fn with_detail(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

/// An event that is stored when its transaction commits.
#[derive(Debug)]
#[must_use = "log it after the commit"]
pub struct Recorded {
    pub(crate) event: AuditEvent,
    /// As stored: a login was resolved to its user.
    pub(crate) subject: Option<i64>,
}

impl Recorded {
    /// Writes the event to the log. Call it after the commit.
    pub fn log(self) {
        let Self { event, subject } = self;
        let AuditEvent { kind, outcome, actor, subject: _, address, request_id, detail, count } = event;
        let (kind, outcome) = (kind.as_str(), outcome.as_str());
        info!(
            target: "audit",
            kind,
            outcome,
            count,
            actor.id = actor.map(UserId::get),
            subject.id = subject,
            client.address = address,
            request_id,
            detail,
            "audit: {kind} {outcome}"
        );
    }
}
