//! The servers behind the services: private ones, or given ones.

use std::thread;

use servers::{Postgres, PostgresOptions, RabbitMq, RabbitMqOptions, Redis, RedisOptions, StartError, TlsFiles};

use crate::console::Console;
use crate::failure::Failure;
use crate::instance::given::with_user;
use crate::instance::passwords::Passwords;
use crate::instance::plan::Plan;
use crate::instance::state::{Part, Probe};

/// The database name on a private PostgreSQL.
pub(crate) const DATABASE: &str = "chipin";

/// The running servers. Dropping it stops them.
#[derive(Debug)]
pub(crate) struct Backing {
    plan: Plan,
    passwords: Passwords,
    postgres: Option<Postgres>,
    rabbitmq: Option<RabbitMq>,
    redis: Option<Redis>,
}

impl Backing {
    /// Starts the private servers in parallel, except those that were given.
    ///
    /// # Errors
    /// Fails with the first error; the other servers are stopped.
    pub(crate) fn start(plan: &Plan, console: &Console) -> Result<Self, Failure> {
        let passwords = Passwords::load_or_create(&plan.folder().join("secrets"))?;
        if plan.tls().is_some() {
            TlsFiles::make(&plan.folder().join("tls"))?;
        }
        let given = &plan.given;
        let (postgres, rabbitmq, redis) = thread::scope(|scope| {
            let postgres = scope.spawn(|| unless(given.database.as_ref(), || start_postgres(plan)));
            let rabbitmq = scope.spawn(|| unless(given.amqp.as_ref(), || start_rabbitmq(plan, &passwords)));
            let redis = scope.spawn(|| unless(given.redis.as_ref(), || start_redis(plan)));
            (joined(postgres), joined(rabbitmq), joined(redis))
        });
        let backing = Self { plan: plan.clone(), postgres: postgres?, rabbitmq: rabbitmq?, redis: redis?, passwords };
        backing.announce(console);
        Ok(backing)
    }

    /// The administrator's URL of Chipin's database.
    pub(crate) fn database_url(&self) -> String {
        self.postgres
            .as_ref()
            .map_or_else(|| self.plan.given.database.clone().unwrap_or_default(), |server| server.url(DATABASE))
    }

    /// The URL for creating the database, if the server is private.
    pub(crate) fn maintenance_url(&self) -> Option<String> {
        self.postgres.as_ref().map(|server| server.url("postgres"))
    }

    /// The database URL of a service's role.
    pub(crate) fn database_url_of(&self, role: &str, password: &str) -> String {
        with_user(&self.database_url(), role, password)
    }

    /// The broker URL of a service's user, or the given URL.
    pub(crate) fn amqp_url_of(&self, user: &str, password: &str) -> String {
        self.rabbitmq
            .as_ref()
            .map_or_else(|| self.plan.given.amqp.clone().unwrap_or_default(), |broker| broker.url_of(user, password))
    }

    /// The broker URL of its administrator, or the given URL.
    pub(crate) fn amqp_admin_url(&self) -> String {
        self.amqp_url_of("guest", "guest")
    }

    /// The URL of Redis.
    pub(crate) fn redis_url(&self) -> String {
        self.redis.as_ref().map_or_else(|| self.plan.given.redis.clone().unwrap_or_default(), Redis::url)
    }

    /// The management API of a private broker.
    pub(crate) fn console_url(&self) -> Option<String> {
        self.rabbitmq.as_ref().map(RabbitMq::console_url)
    }

    /// The passwords of the services.
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The private servers, for `status`.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let postgres = self
            .postgres
            .as_ref()
            .and_then(|server| Part::running("postgres", server.port(), server.pid()?, Probe::Tcp, 0));
        let rabbitmq = self
            .rabbitmq
            .as_ref()
            .and_then(|broker| Part::running("rabbitmq", broker.port(), broker.pid()?, Probe::Tcp, 0));
        let redis =
            self.redis.as_ref().and_then(|server| Part::running("redis", server.port(), server.pid()?, Probe::Tcp, 0));
        [postgres, rabbitmq, redis].into_iter().flatten().collect()
    }

    /// The names of private servers whose process has exited.
    pub(crate) fn ended(&mut self) -> Vec<&'static str> {
        let postgres = self.postgres.as_mut().is_some_and(|server| !server.is_running());
        let rabbitmq = self.rabbitmq.as_mut().is_some_and(|broker| !broker.is_running());
        let redis = self.redis.as_mut().is_some_and(|server| !server.is_running());
        [("postgres", postgres), ("rabbitmq", rabbitmq), ("redis", redis)]
            .into_iter()
            .filter_map(|(name, ended)| ended.then_some(name))
            .collect()
    }

    /// Restarts the exited servers, with their data and ports.
    ///
    /// # Errors
    /// Fails with the first server that does not start.
    pub(crate) fn start_again(&mut self) -> Result<(), Failure> {
        if let Some(server) = &mut self.postgres {
            server.start_again()?;
        }
        if let Some(broker) = &mut self.rabbitmq {
            broker.start_again()?;
        }
        if let Some(server) = &mut self.redis {
            server.start_again()?;
        }
        Ok(())
    }

    /// Stops the private servers in parallel.
    pub(crate) fn stop(&mut self) {
        thread::scope(|scope| {
            scope.spawn(|| self.postgres.take().map(|mut server| server.stop()));
            scope.spawn(|| self.rabbitmq.take().map(|mut broker| broker.stop()));
            scope.spawn(|| self.redis.take().map(|mut server| server.stop()));
        });
    }

    fn announce(&self, console: &Console) {
        let preferred = self.plan.servers;
        let ports = [
            ("PostgreSQL", preferred.postgres, self.postgres.as_ref().map(Postgres::port)),
            ("AMQP", preferred.amqp, self.rabbitmq.as_ref().map(RabbitMq::port)),
            ("RabbitMQ console", preferred.console, self.rabbitmq.as_ref().map(RabbitMq::console_port)),
            ("Redis", preferred.redis, self.redis.as_ref().map(Redis::port)),
        ];
        for (name, preferred, got) in ports {
            if let (servers::Port::Prefer(preferred), Some(got)) = (preferred, got)
                && preferred != got
            {
                console.line("servers", &format!("port {preferred} is in use, so {name} uses {got}"));
            }
        }
    }
}

fn unless<T>(given: Option<&String>, start: impl FnOnce() -> Result<T, StartError>) -> Result<Option<T>, StartError> {
    match given {
        Some(_) => Ok(None),
        None => start().map(Some),
    }
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T, StartError>>) -> Result<T, Failure> {
    thread.join().map_err(|_| Failure::new("a thread that starts a server panicked"))?.map_err(Failure::from)
}

/// Starts the private PostgreSQL.
///
/// # Errors
/// Fails if it does not start.
pub(crate) fn start_postgres(plan: &Plan) -> Result<Postgres, StartError> {
    Postgres::start(PostgresOptions {
        port: plan.servers.postgres,
        durability: plan.durability,
        tls: plan.tls(),
        log: Some(plan.log("postgres")),
        programs: plan.server_programs.clone(),
        ..PostgresOptions::new(plan.folder().join("postgres"))
    })
}

fn start_rabbitmq(plan: &Plan, passwords: &Passwords) -> Result<RabbitMq, StartError> {
    RabbitMq::start(RabbitMqOptions {
        port: plan.servers.amqp,
        console_port: plan.servers.console,
        users: passwords.broker_users(),
        tls: plan.tls(),
        log: Some(plan.log("rabbitmq")),
        programs: plan.server_programs.clone(),
        ..RabbitMqOptions::new(plan.folder().join("rabbitmq"))
    })
}

fn start_redis(plan: &Plan) -> Result<Redis, StartError> {
    Redis::start(RedisOptions {
        port: plan.servers.redis,
        tls: plan.tls(),
        log: Some(plan.log("redis")),
        programs: plan.server_programs.clone(),
        ..RedisOptions::new(plan.folder().join("redis"))
    })
}
