//! A private RabbitMQ broker with its management console.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::broker_user::definitions;
use crate::daemon::{Daemon, Launch, stop_leftover};
use crate::{BrokerUser, Port, Programs, StartError, Stopped, TlsFiles, epmd, pick, probe, secret};

/// Long, because servers may start while a compiler uses all cores.
const START_LIMIT: Duration = Duration::from_mins(4);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// A setting that `rabbitmq.conf` does not support: dead-lettering to a deleted queue is retried after 5 s instead of
/// three minutes, because a developer who deletes a queue by hand waits for the effect.
const ADVANCED: &str = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].\n";

/// How to run a RabbitMQ broker.
#[derive(Clone, Debug)]
pub struct RabbitMqOptions {
    /// The folder for data, configuration and log; created if missing.
    pub folder: PathBuf,
    /// The AMQP port on loopback.
    pub port: Port,
    /// The console's port on loopback.
    pub console_port: Port,
    /// Users in addition to guest/guest, created at every start.
    pub users: Vec<BrokerUser>,
    /// TLS, without which no connection is accepted then; `None` for plain text.
    pub tls: Option<TlsFiles>,
    /// The log file; by default `server.log` in the folder.
    pub log: Option<PathBuf>,
    /// The installation to use.
    pub programs: Programs,
}

impl RabbitMqOptions {
    /// A broker under `folder` on any free ports, with guest/guest as its only user.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            port: Port::Free,
            console_port: Port::Free,
            users: Vec::new(),
            tls: None,
            log: None,
            programs: Programs::from_environment(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    amqp: u16,
    console: u16,
    distribution: u16,
    epmd: u16,
}

/// A private RabbitMQ broker. Dropping it stops it; the data stay.
#[derive(Debug)]
pub struct RabbitMq {
    options: RabbitMqOptions,
    ports: Ports,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    broker: Daemon,
    epmd: Daemon,
}

impl RabbitMq {
    /// Starts a broker and waits until it accepts AMQP. One in the same folder that remains from a killed parent is
    /// stopped first.
    ///
    /// # Errors
    /// Any [`StartError`], with the end of the broker's log if there is one.
    pub fn start(options: RabbitMqOptions) -> Result<Self, StartError> {
        secret::private_folder(&options.folder)
            .map_err(|source| StartError::Folder { path: options.folder.clone(), source })?;
        stop_leftover(&record(&options.folder), Signal::TERM, STOP_LIMIT);
        epmd::stop_leftover_in(&options.folder);
        let ports = Ports {
            amqp: pick(options.port)?,
            console: pick(options.console_port)?,
            distribution: pick(Port::Free)?,
            epmd: pick(Port::Free)?,
        };
        let mut broker = Self { options, ports, running: None };
        broker.start_again()?;
        Ok(broker)
    }

    /// Starts a stopped or killed broker again, with the same data and ports. Does nothing if it is running.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub fn start_again(&mut self) -> Result<(), StartError> {
        if self.is_running() {
            return Ok(());
        }
        self.stop();
        let programs = &self.options.programs;
        let program = programs
            .rabbitmq_server()
            .ok_or(StartError::ProgramMissing { program: "rabbitmq-server", package: "rabbitmq-server" })?;
        self.write_configuration()?;
        let epmd = epmd::start(programs, &self.options.folder, self.ports.epmd)?;
        let mut broker = Daemon::spawn(Launch {
            name: "RabbitMQ".to_owned(),
            command: self.command(&program)?,
            log: self.log(),
            append_log: true,
            record: record(&self.options.folder),
        })?;
        let (port, has_tls) = (self.ports.amqp, self.options.tls.is_some());
        broker.wait_until_ready(START_LIMIT, || if has_tls { probe::accepts(port) } else { speaks_amqp(port) })?;
        self.running = Some(Running { broker, epmd });
        Ok(())
    }

    /// Stops the broker: it closes connections and writes its data. Kills it after 30 s.
    pub fn stop(&mut self) -> Stopped {
        self.running.take().map_or(Stopped::Already, |mut running| {
            let stopped = running.broker.stop(Signal::TERM, STOP_LIMIT);
            epmd::stop(running.epmd);
            stopped
        })
    }

    /// Kills the broker at once, like a crash.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.broker.kill();
            epmd::stop(running.epmd);
        }
    }

    /// The URL for guest, who has all permissions.
    pub fn url(&self) -> String {
        self.url_of("guest", "guest")
    }

    /// The URL for another user.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        match &self.options.tls {
            None => format!("amqp://{user}:{password}@127.0.0.1:{}/%2f", self.ports.amqp),
            Some(files) => format!(
                "amqps://{user}:{password}@localhost:{}/%2f?cacertfile={}",
                self.ports.amqp,
                files.authority.display()
            ),
        }
    }

    /// The URL of the console and the management API, without a trailing slash.
    pub fn console_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.console)
    }

    /// The AMQP port.
    pub fn port(&self) -> u16 {
        self.ports.amqp
    }

    /// The console's port.
    pub fn console_port(&self) -> u16 {
        self.ports.console
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.broker.pid())
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| running.broker.ended().is_none())
    }

    /// The log file.
    pub fn log(&self) -> PathBuf {
        self.options.log.clone().unwrap_or_else(|| self.options.folder.join("server.log"))
    }

    fn write_configuration(&self) -> Result<(), StartError> {
        let folder = &self.options.folder;
        let mut users = vec![BrokerUser::guest()];
        users.extend(self.options.users.iter().cloned());
        let definitions_file = folder.join("definitions.json");
        let listener = match &self.options.tls {
            None => format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.ports.amqp),
            Some(files) => {
                let files = files.copied_to(folder)?;
                format!(
                    "listeners.tcp = none\n\
                     listeners.ssl.1 = 127.0.0.1:{}\n\
                     ssl_options.cacertfile = {}\n\
                     ssl_options.certfile = {}\n\
                     ssl_options.keyfile = {}\n\
                     ssl_options.verify = verify_none\n\
                     ssl_options.fail_if_no_peer_cert = false\n",
                    self.ports.amqp,
                    files.authority.display(),
                    files.certificate.display(),
                    files.key.display()
                )
            }
        };
        let configuration = format!(
            "{listener}\
             management.tcp.ip = 127.0.0.1\n\
             management.tcp.port = {}\n\
             load_definitions = {}\n\
             log.console = true\n\
             log.console.level = info\n",
            self.ports.console,
            definitions_file.display()
        );
        let files = [
            (definitions_file, definitions(&users)),
            (folder.join("rabbitmq.conf"), configuration),
            (folder.join("enabled_plugins"), "[rabbitmq_management].\n".to_owned()),
            // It exists so that the machine's own settings for its broker are not read.
            (folder.join("rabbitmq-env.conf"), String::new()),
            (folder.join("advanced.config"), ADVANCED.to_owned()),
        ];
        for (path, text) in files {
            secret::write_private(&path, &text).map_err(|source| StartError::Folder { path, source })?;
        }
        Ok(())
    }

    fn command(&self, program: &Path) -> Result<Command, StartError> {
        let folder = &self.options.folder;
        let mut command = self.options.programs.command(program, folder, "rabbitmq")?;
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("RABBITMQ_") {
                command.env_remove(key);
            }
        }
        command
            // The Erlang cookie is stored in the home folder.
            .env("HOME", folder)
            .env("ERL_EPMD_PORT", self.ports.epmd.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            // The data folder is named after the node, so the name must not depend on the port. With a private port
            // mapper it is unique.
            .env("RABBITMQ_NODENAME", "chipin@localhost")
            .env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("rabbitmq-env.conf"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", folder.join("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_LOGS", "-")
            // With this the start script is replaced by the broker instead of being its parent, so that the process id
            // is the broker's.
            .env("RABBITMQ_ALLOW_INPUT", "true")
            // Busy waiting of Erlang's schedulers would take whole cores from the services; `inet_dist_use_interface`
            // keeps distribution on loopback.
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-noinput +sbwt none +sbwtdcpu none +sbwtdio none \
                 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
            );
        Ok(command)
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.stop();
    }
}

fn record(folder: &Path) -> PathBuf {
    folder.join("server.pid")
}

/// Whether the broker responds to the protocol header with `connection.start`.
///
/// It opens the AMQP listener last, after users and plugins are loaded. Source: AMQP 0-9-1, 4.2.2.
fn speaks_amqp(port: u16) -> bool {
    probe::exchange(port, b"AMQP\x00\x00\x09\x01", 1).is_ok_and(|answer| answer == [1])
}
