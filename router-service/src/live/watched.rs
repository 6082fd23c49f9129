//! What a socket watches: a cheque.

use super::message::{Kind, update};
use crate::store::cheques::{self, Found};
use contracts::ids::{ChequeHash, UserId};
use live_sockets::{Close, Feed, Update};
use sqlx::PgPool;
use telemetry::chain;
use tracing::warn;

/// A deleted cheque: reconnecting is useless. Source of the code: RFC 6455, section 7.4.2, codes for private use.
pub(super) const DELETED: Close = Close::new(4410, "the cheque was deleted");

/// A cheque that a visitor watches.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The primary database: a replica may lag behind an update that was pushed before this socket subscribed.
    pub database: PgPool,
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The visitor, if they are signed in.
    pub user_id: Option<UserId>,
}

impl Feed for Watched {
    type Key = ChequeHash;
    type Item = ();

    fn key(&self) -> &ChequeHash {
        &self.hash
    }

    fn user_id(&self) -> Option<i64> {
        self.user_id.map(UserId::get)
    }

    async fn snapshot(&self) -> Result<Vec<Update<()>>, Close> {
        match cheques::find(&self.database, &self.hash).await {
            Ok(Some(Found::Split(split))) => Ok(update(Kind::Snapshot, &split, None).into_iter().collect()),
            Ok(Some(Found::Deleted) | None) => Err(DELETED),
            Err(failure) => {
                warn!(error = chain(&failure), "the snapshot of a socket could not be read");
                Err(Close::TRY_AGAIN)
            }
        }
    }
}
