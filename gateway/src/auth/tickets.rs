//! Tickets for WebSockets. A browser can't set headers when it opens a WebSocket, and an access token in the URL would
//! appear in every log. So the page requests a ticket with its token and opens the WebSocket with the ticket, which is
//! valid for 30 seconds and can be used once.
//!
//! Tickets are signed, so every gateway can verify those of the others. Used tickets are recorded in Redis, and in the
//! memory of the gateway that accepted them, which protects against a second use there while Redis is unavailable.

use crate::auth::credentials::Identified;
use crate::auth::query::name_of;
use configuration::RedisUrl;
use identity::parse_user_id;
use identity::{Principal, Role, SigningKeys};
use process::clock::unix_seconds;
use redis::aio::ConnectionManager;
use redis_connection::RedisError;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tls::ConnectTls;
use tracing::warn;
use uuid::Uuid;

/// How long a ticket is valid.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30);
/// The longest wait for Redis.
const TIMEOUT: Duration = Duration::from_millis(300);
const PURPOSE: &str = "ticket";
const PARAMETER: &str = "ticket";

/// Issues and redeems tickets.
pub(crate) struct Tickets {
    keys: SigningKeys,
    redis: Option<ConnectionManager>,
    /// Ids of used tickets, and how long each must be remembered.
    used_here: Mutex<HashMap<Uuid, Instant>>,
}

/// The ticket in the query of a WebSocket, if there is exactly one.
pub(crate) fn ticket_in(query: &str) -> Option<&str> {
    let mut tickets = query.split('&').filter(|pair| name_of(pair) == PARAMETER);
    match (tickets.next(), tickets.next()) {
        (Some(pair), None) => pair.split_once('=').map(|(_, ticket)| ticket),
        _ => None,
    }
}

/// Whether the query of a WebSocket contains a ticket, valid or not.
pub(super) fn has_ticket(query: &str) -> bool {
    query.split('&').any(|pair| name_of(pair) == PARAMETER)
}

impl Tickets {
    /// Tickets that are signed with the first of `keys`, and verified with all. No service may have one of them.
    ///
    /// # Errors
    /// When the client library refuses the URL.
    pub(super) fn new(keys: SigningKeys, redis_url: Option<&RedisUrl>, tls: &ConnectTls) -> Result<Self, RedisError> {
        let redis = redis_url.map(|url| redis_connection::connect_lazily(url, tls, TIMEOUT)).transpose()?;
        Ok(Self { keys, redis, used_here: Mutex::default() })
    }

    /// A ticket with its user, role, expiry in Unix seconds, a unique id, and the session; `None` without a session.
    pub(super) fn issue(&self, Identified { principal, session }: Identified) -> Option<String> {
        let (Principal { user, role }, session) = (principal, session?.simple());
        let (role, ends, id) = (role.as_str(), unix_seconds() + LIFETIME.as_secs(), Uuid::now_v7().simple());
        Some(self.keys.sign(PURPOSE, &format!("{user}.{role}.{ends}.{id}.{session}")))
    }

    /// The principal and session of the ticket, if it is valid and not used yet.
    pub(super) async fn redeem(&self, ticket: &str) -> Option<Identified> {
        let mut parts = self.keys.verify(PURPOSE, ticket)?.split('.');
        let (user, role, ends) = (parts.next()?, parts.next()?, parts.next()?);
        let id = Uuid::try_parse(parts.next()?).ok()?;
        let session = Uuid::try_parse(parts.next()?).ok()?;
        let principal = Principal { user: parse_user_id(user)?, role: Role::parse(role)? };
        let identified = Identified { principal, session: Some(session) };
        let is_unexpired = ends.parse::<u64>().ok()? >= unix_seconds();
        // Both: a ticket used while Redis was unavailable must not become valid again afterwards.
        (is_unexpired && self.is_first_use_here(id) && self.is_first_use_anywhere(id).await).then_some(identified)
    }

    fn is_first_use_here(&self, id: Uuid) -> bool {
        let Ok(mut used) = self.used_here.lock() else { return false };
        let now = Instant::now();
        used.retain(|_, until| *until > now);
        used.insert(id, now + 2 * LIFETIME).is_none()
    }

    async fn is_first_use_anywhere(&self, id: Uuid) -> bool {
        let Some(redis) = &self.redis else { return true };
        match tokio::time::timeout(TIMEOUT, record_use(redis, id)).await {
            Ok(Ok(is_first)) => is_first,
            Ok(Err(failure)) => {
                warn!(error = %failure, "could not record a used ticket in Redis; it is recorded only in this gateway");
                true
            }
            Err(_) => {
                warn!("Redis did not record a used ticket in time; it is recorded only in this gateway");
                true
            }
        }
    }
}

/// Records that a ticket is used; returns whether this was its first use.
async fn record_use(redis: &ConnectionManager, id: Uuid) -> Result<bool, redis::RedisError> {
    let key = format!("gateway:ticket:{}", id.simple());
    // The mark distinguishes this use from an earlier one if the command is repeated because its answer was lost.
    let mark = Uuid::now_v7().simple().to_string();
    let mut set = redis::cmd("SET");
    set.arg(&key).arg(&mark).arg("NX").arg("EX").arg(2 * LIFETIME.as_secs());
    let mut get = redis::cmd("GET");
    get.arg(&key);
    Ok(query(redis, &set).await?.is_some() || query(redis, &get).await? == Some(mark))
}

async fn query(redis: &ConnectionManager, command: &redis::Cmd) -> Result<Option<String>, redis::RedisError> {
    let attempt = || {
        let mut redis = redis.clone();
        async move { command.query_async(&mut redis).await }
    };
    redis_connection::repeated_once(attempt).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets() -> Tickets {
        Tickets::new("0123456789abcdef0123456789abcdef".parse().unwrap(), None, &ConnectTls::default()).unwrap()
    }

    const ANNA: Identified =
        Identified { principal: Principal { user: 7, role: Role::User }, session: Some(Uuid::from_u128(1)) };

    #[tokio::test]
    async fn a_ticket_is_valid_once() {
        let tickets = tickets();
        let ticket = tickets.issue(ANNA).unwrap();
        assert_eq!(tickets.redeem(&ticket).await, Some(ANNA));
        assert_eq!(tickets.redeem(&ticket).await, None);
    }

    #[tokio::test]
    async fn a_changed_or_expired_ticket_is_rejected() {
        let tickets = tickets();
        let ticket = tickets.issue(ANNA).unwrap();
        let old = tickets.keys.sign(PURPOSE, &format!("7.user.1.{0}.{0}", Uuid::now_v7().simple()));
        let for_another_purpose = tickets.keys.sign("pass", ticket.rsplit_once('.').unwrap().0);
        for ticket in [
            ticket.replace("7.user", "8.user"),
            ticket.replace("user", "admin"),
            old,
            for_another_purpose,
            String::new(),
        ] {
            assert_eq!(tickets.redeem(&ticket).await, None, "{ticket}");
        }
    }

    #[test]
    fn a_query_contains_at_most_one_ticket() {
        assert_eq!(ticket_in("a=b&ticket=x.y"), Some("x.y"));
        for query in ["", "a=b", "ticket", "ticket=a&ticket=b"] {
            assert_eq!(ticket_in(query), None, "{query}");
        }
    }
}
