//! A pooler in session mode between a service and its database.

use crate::lanes::shares;
use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, handled, unsent};
use rabbit_outbox::{Messaging, Subscriptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use testkit::eventually;
use tokio_util::sync::CancellationToken;

/// A private PgBouncer in front of one database; dropping it stops it.
struct PgBouncer {
    process: Child,
    folder: PathBuf,
    options: PgConnectOptions,
}

impl PgBouncer {
    async fn start(stage: &Stage) -> Self {
        let folder = std::env::temp_dir().join(testkit::unique("pgbouncer"));
        std::fs::create_dir_all(&folder).unwrap();
        // A port that is free at this moment; PgBouncer can't choose one.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let url = stage.database.admin_url();
        let (credentials, place) =
            url.trim_start_matches("postgres://").trim_start_matches("postgresql://").split_once('@').unwrap();
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let password = if password.is_empty() { String::new() } else { format!(" password={password}") };
        let (address, database) = place.split('?').next().unwrap().split_once('/').unwrap();
        let (host, server_port) = address.split_once(':').expect("a port in TEST_DATABASE_URL");
        let configuration = format!(
            "[databases]\n{database} = host={host} port={server_port} user={user}{password}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = session\ndefault_pool_size = 40\nignore_startup_parameters = extra_float_digits\n"
        );
        std::fs::write(folder.join("pgbouncer.ini"), configuration).unwrap();
        let program = servers::find_program("pgbouncer").expect("Debian's package `pgbouncer`");
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            command.args(["--user", "postgres"]);
        }
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let process = command.arg(folder.join("pgbouncer.ini")).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let options = PgConnectOptions::new().host("127.0.0.1").port(port).database(database).username("anybody");
        let bouncer = Self { process, folder, options };
        eventually(true, async || tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()).await;
        bouncer
    }

    fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(5).connect_lazy_with(self.options.clone())
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn messaging_works_through_a_pooler_that_keeps_a_session_for_each_connection() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let bouncer = PgBouncer::start(&stage).await;
    // A pooler refuses a search path as a startup parameter, so the role has it.
    let path = "do $$ begin execute format('alter role %I in database %I set search_path = alpha', current_user, \
                current_database()); end $$";
    sqlx::raw_sql(AssertSqlSafe(path)).execute(&stage.alpha).await.unwrap();
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));

    let (first, second) =
        (Messaging::new("alpha", bouncer.pool(), broker.url()), Messaging::new("alpha", bouncer.pool(), broker.url()));
    let stop_first = CancellationToken::new();
    stage.run(first.relay().run(stop_first.clone()));
    eventually(vec![8], async || shares(&stage).await).await;
    stage.run(second.relay().run(stage.stopping()));
    eventually(vec![4, 4], async || shares(&stage).await).await;
    append_pings(&first, 0, 100, 10).await;
    eventually((100, 100), async || handled(&stage.beta).await).await;
    // The pooler keeps the server's session when the relay's ends: its locks must be released anyway.
    stop_first.cancel();
    eventually(vec![8], async || shares(&stage).await).await;
    append_pings(&first, 100, 200, 10).await;
    eventually((200, 200), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}
