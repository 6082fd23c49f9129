//! Where the relay connects to the database: asked anew for each connection, so that what was rotated is not used again.

use crate::broker::BoxError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::sync::Arc;

/// Says how to connect, each time a connection is made: for passwords that are rotated, for roles that change, and for
/// another address than the pool's where that leads to a pooler which hands sessions around.
#[derive(Clone)]
pub struct DatabaseProvider(Arc<dyn Fn() -> BoxFuture<'static, Result<PgConnectOptions, BoxError>> + Send + Sync>);

impl DatabaseProvider {
    /// Asks `provide` before each connection. What it takes is time in which nothing is published.
    pub fn provided_by<F>(provide: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<PgConnectOptions, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move || provide().boxed()))
    }

    /// As the pool connects: what [`PgPool::set_connect_options`] says last.
    pub fn of_pool(pool: PgPool) -> Self {
        Self::provided_by(move || std::future::ready(Ok(pool.connect_options().as_ref().clone())))
    }

    pub(super) async fn options(&self) -> Result<PgConnectOptions, BoxError> {
        // sqlx asks for it at the start, PgBouncer refuses that, and no number that is read here needs it.
        Ok((self.0)().await?.extra_float_digits(None))
    }
}

/// Without what it would say: that may be a password.
impl fmt::Debug for DatabaseProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseProvider")
    }
}
