//! Credentials that change, and databases that are read-only.

use crate::bare::BareConsumer;
use crate::stage::{Stage, append_pings, broker, unsent};
use rabbit_outbox::relay::DatabaseProvider;
use rabbit_outbox::{BrokerAddress, Messaging};
use rabbit_outbox_testing::AmqpProxy;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::eventually;

async fn execute(pool: &PgPool, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.unwrap();
}

/// A role with all rights in the schema `alpha`; `drop` removes it.
struct Role {
    name: String,
    admin: PgPool,
}

impl Role {
    async fn new(stage: &Stage) -> Self {
        let (name, admin) = (testkit::unique("role"), stage.database.admin_pool("alpha"));
        execute(
            &admin,
            format!(
                "create role {name} login password 'secret'; grant usage on schema alpha to {name}; \
                 grant all on all tables in schema alpha to {name}; grant all on all sequences in schema alpha to {name}; \
                 grant execute on all functions in schema alpha to {name};"
            ),
        )
        .await;
        Self { name, admin }
    }

    fn options(&self, stage: &Stage) -> PgConnectOptions {
        stage.alpha.connect_options().as_ref().clone().username(&self.name).password("secret")
    }

    /// Forbids new connections, and ends the existing ones.
    async fn drop(self) {
        let name = &self.name;
        execute(&self.admin, format!("alter role {name} nologin")).await;
        let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{name}'");
        execute(&self.admin, end).await;
        execute(&self.admin, format!("drop owned by {name}; drop role {name}")).await;
    }
}

#[tokio::test]
async fn a_relay_goes_on_with_the_credentials_that_its_pool_was_given_last() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let (old, new) = (Role::new(&stage).await, Role::new(&stage).await);
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(old.options(&stage));
    let alpha = Messaging::new("alpha", pool.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    append_pings(&alpha, 0, 10, 1).await;
    eventually(10, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;

    pool.set_connect_options(new.options(&stage));
    old.drop().await;
    // Through a pool of the administrator, because the test is about the relay's connections.
    let admin = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    append_pings(&admin, 10, 20, 1).await;
    eventually(20, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    pool.close().await;
    new.drop().await;
}

#[tokio::test]
async fn a_provider_is_asked_for_each_connection_of_the_relay() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    // The pool's own address is not usable for the relay.
    let nowhere = stage.alpha.connect_options().as_ref().clone().port(1);
    let alpha = Messaging::new("alpha", PgPoolOptions::new().connect_lazy_with(nowhere), broker.url());
    let (asked, options) = (Arc::new(AtomicUsize::new(0)), stage.alpha.connect_options().as_ref().clone());
    let count = Arc::clone(&asked);
    let provider = DatabaseProvider::provided_by(move || {
        let (n, options) = (count.fetch_add(1, Ordering::Relaxed), options.clone());
        async move { if n == 0 { Err("no password yet".into()) } else { Ok(options) } }
    });
    stage.run(alpha.relay().with_database(provider).run(stage.stopping()));
    append_pings(&Messaging::new("alpha", stage.alpha.clone(), broker.url()), 0, 10, 1).await;
    eventually(10, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    // The first was refused; then one each to lead, to settle, and to listen.
    assert!(asked.load(Ordering::Relaxed) >= 4);
}

#[tokio::test]
async fn nothing_is_published_from_a_database_from_which_nothing_can_be_deleted() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    append_pings(&alpha, 0, 10, 1).await;
    let database: String = sqlx::query_scalar("select current_database()").fetch_one(&stage.alpha).await.unwrap();
    execute(&stage.alpha, format!("alter database {database} set default_transaction_read_only = on")).await;
    stage.run(alpha.relay().run(stage.stopping()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(bare_consumer.count(), 0);

    let reset = format!(
        "set default_transaction_read_only = off; alter database {database} reset default_transaction_read_only"
    );
    execute(&stage.alpha, reset).await;
    eventually(10, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert_eq!(bare_consumer.arrivals().len(), 10);
}

#[tokio::test]
async fn a_relay_goes_on_at_another_node_and_at_the_address_that_its_provider_gave_last() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bare_consumer = BareConsumer::at(&broker, "alpha", &["alpha.Ping.v1"]).await;
    let (first, second, third) = (
        AmqpProxy::start(broker.url()).await,
        AmqpProxy::start(broker.url()).await,
        AmqpProxy::start(broker.url()).await,
    );
    let nodes = Arc::new(Mutex::new(vec![first.url().to_owned(), second.url().to_owned()]));
    let given = Arc::clone(&nodes);
    let address = BrokerAddress::provided_by(move || std::future::ready(Ok(given.lock().unwrap().clone())));
    let alpha = Messaging::new("alpha", stage.alpha.clone(), address);
    stage.run(alpha.relay().run(stage.stopping()));
    append_pings(&alpha, 0, 10, 1).await;
    eventually(10, async || bare_consumer.count()).await;
    assert_eq!((first.connections(), second.connections()), (1, 0));

    first.refuse_connections(true);
    first.close_connections();
    append_pings(&alpha, 10, 20, 1).await;
    eventually(20, async || bare_consumer.count()).await;
    assert_eq!((first.connections(), second.connections()), (0, 1));

    *nodes.lock().unwrap() = vec![third.url().to_owned()];
    second.close_connections();
    append_pings(&alpha, 20, 30, 1).await;
    eventually(30, async || bare_consumer.count()).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    assert_eq!((second.connections(), third.connections()), (0, 1));
    stage.stop().await;
}
