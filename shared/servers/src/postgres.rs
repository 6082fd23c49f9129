//! A private PostgreSQL server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{Daemon, Launch, stop_leftover};
use crate::{Port, Programs, StartError, Stopped, TlsFiles, pick, probe, secret, unprivileged};

/// Long, because servers may start while a compiler uses all cores.
const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Which data survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// All committed data.
    Full,
    /// Possibly none; several times faster. For tests.
    None,
}

/// How to run a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// The folder for data, password and log; created if missing.
    pub folder: PathBuf,
    /// The port on loopback.
    pub port: Port,
    /// The durability of its data.
    pub durability: Durability,
    /// Maximum number of connections.
    pub connections_max: u32,
    /// TLS, without which no connection is accepted then; `None` for plain text.
    pub tls: Option<TlsFiles>,
    /// The log file; by default `server.log` in the folder.
    pub log: Option<PathBuf>,
    /// The installation to use.
    pub programs: Programs,
}

impl PostgresOptions {
    /// A durable server under `folder` on any free port.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            port: Port::Free,
            durability: Durability::Full,
            connections_max: 300,
            tls: None,
            log: None,
            programs: Programs::from_environment(),
        }
    }
}

/// A private PostgreSQL server. Dropping it stops it; the data stay.
#[derive(Debug)]
pub struct Postgres {
    options: PostgresOptions,
    port: u16,
    password: String,
    daemon: Option<Daemon>,
}

impl Postgres {
    /// Starts a server and waits until it accepts queries. The first start creates its data folder.
    ///
    /// A server in the same folder that remains from an earlier, killed parent is stopped first.
    ///
    /// # Errors
    /// Any [`StartError`], with the end of the server's log if there is one.
    pub fn start(options: PostgresOptions) -> Result<Self, StartError> {
        make_folder(&options.folder)?;
        stop_leftover(&record(&options.folder), Signal::INT, STOP_LIMIT);
        let port = pick(options.port)?;
        let password = secret::stored(&options.folder.join("password"))
            .map_err(|source| StartError::Folder { path: options.folder.clone(), source })?;
        let mut server = Self { options, port, password, daemon: None };
        server.start_again()?;
        Ok(server)
    }

    /// Starts a stopped server again, with the same data and port. Does nothing if it is running.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn start_again(&mut self) -> Result<(), StartError> {
        if self.is_running() {
            return Ok(());
        }
        let programs = self
            .options
            .programs
            .postgres_folder()
            .ok_or(StartError::ProgramMissing { program: "initdb", package: "postgresql" })?;
        let data = self.options.folder.join("data");
        if !data.join("PG_VERSION").exists() {
            self.create_cluster(&programs, &data)?;
        }
        let tls = self.tls_settings()?;
        let mut command = self.command(&programs.join("postgres"))?;
        command.arg("-D").arg(&data);
        for setting in self.settings().into_iter().chain(tls) {
            command.arg("-c").arg(setting);
        }
        let mut daemon = Daemon::spawn(Launch {
            name: "PostgreSQL".to_owned(),
            command,
            log: self.log(),
            append_log: true,
            record: record(&self.options.folder),
        })?;
        let (port, has_tls) = (self.port, self.options.tls.is_some());
        daemon
            .wait_until_ready(START_LIMIT, || if has_tls { refuses_plain_text(port) } else { accepts_queries(port) })?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Stops the server with a fast shutdown, which aborts running statements and writes the data; kills it after 20 s.
    pub fn stop(&mut self) -> Stopped {
        self.daemon.take().map_or(Stopped::Already, |mut daemon| daemon.stop(Signal::INT, STOP_LIMIT))
    }

    /// The administrator's URL of `database`.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", &self.password, database)
    }

    /// The URL of `database` for another role.
    pub fn url_of(&self, role: &str, password: &str, database: &str) -> String {
        match &self.options.tls {
            None => format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port),
            Some(files) => format!(
                "postgres://{role}:{password}@localhost:{}/{database}?sslmode=verify-full&sslrootcert={}",
                self.port,
                files.authority.display()
            ),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::pid)
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.daemon.as_mut().is_some_and(|daemon| daemon.ended().is_none())
    }

    /// The log file.
    pub fn log(&self) -> PathBuf {
        self.options.log.clone().unwrap_or_else(|| self.options.folder.join("server.log"))
    }

    fn create_cluster(&self, programs: &Path, data: &Path) -> Result<(), StartError> {
        let failed = |source| StartError::Folder { path: data.to_owned(), source };
        // initdb requires an empty folder, so the rest of an interrupted run is removed.
        if data.exists() {
            fs::remove_dir_all(data).map_err(failed)?;
        }
        make_folder(data)?;
        let password_file = self.options.folder.join("password.for-initdb");
        secret::write_private(&password_file, &self.password).map_err(failed)?;
        let mut command = self.command(&programs.join("initdb"))?;
        let output = command
            .arg("-D")
            .arg(data)
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--data-checksums", "--no-sync", "--no-instructions"])
            // Passwords are required, because other users of the machine can connect to loopback too. SCRAM is not
            // used: its 4096 rounds take a debug build of a client a tenth of a second per connection.
            .args(["--auth-local=reject", "--auth-host=password"])
            .arg("--pwfile")
            .arg(&password_file)
            .output()
            .map_err(|source| StartError::Spawn { program: "initdb".to_owned(), source })?;
        let _ = fs::remove_file(&password_file);
        if output.status.success() {
            return Ok(());
        }
        Err(StartError::Prepare {
            program: "initdb".to_owned(),
            output: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        })
    }

    /// A command for a program of PostgreSQL, which refuses to run as root.
    fn command(&self, program: &Path) -> Result<Command, StartError> {
        match &self.options.programs {
            Programs::Machine => unprivileged::command(program, &self.options.folder),
            other @ Programs::Root(_) => other.command(program, &self.options.folder, "postgres"),
        }
    }

    /// Settings with which only connections with TLS are accepted.
    fn tls_settings(&self) -> Result<Vec<String>, StartError> {
        let Some(files) = &self.options.tls else { return Ok(vec![]) };
        let files = files.copied_to(&self.options.folder)?;
        let access = self.options.folder.join("pg_hba.tls.conf");
        secret::write_private(&access, "hostssl all all 127.0.0.1/32 password\n")
            .map_err(|source| StartError::Folder { path: access.clone(), source })?;
        Ok(vec![
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", files.certificate.display()),
            format!("ssl_key_file={}", files.key.display()),
            format!("hba_file={}", access.display()),
        ])
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            // No socket file: its path has a length limit that a deeply nested checkout exceeds.
            "unix_socket_directories=".to_owned(),
            format!("max_connections={}", self.options.connections_max),
            "shared_buffers=64MB".to_owned(),
            "timezone=UTC".to_owned(),
            "log_line_prefix=%m [%p] %q%u@%d ".to_owned(),
        ];
        if self.options.durability == Durability::None {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
        }
        settings
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn record(folder: &Path) -> PathBuf {
    folder.join("server.pid")
}

fn make_folder(folder: &Path) -> Result<(), StartError> {
    fs::create_dir_all(folder).map_err(|source| StartError::Folder { path: folder.to_owned(), source })
}

/// Whether the server responds to a startup message with a password request.
///
/// During recovery it accepts connections but responds with `E`. Source: PostgreSQL documentation, "Message Flow" and
/// "Message Formats" (`StartupMessage`).
fn accepts_queries(port: u16) -> bool {
    start_without_tls(port, 1).is_ok_and(|answer| answer == b"R")
}

/// Whether the server runs and refuses a connection without TLS (28000), which it does not do before it is started (57P03).
fn refuses_plain_text(port: u16) -> bool {
    // `E`, the length, and the fields S (severity), V (the same) and C (code).
    start_without_tls(port, 25).is_ok_and(|answer| answer.ends_with(b"C28000"))
}

fn start_without_tls(port: u16, answer_len: usize) -> std::io::Result<Vec<u8>> {
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).unwrap_or(u32::MAX);
    let mut message = length.to_be_bytes().to_vec();
    message.extend(196_608_u32.to_be_bytes()); // protocol 3.0
    message.extend(parameters);
    probe::exchange(port, &message, answer_len)
}
