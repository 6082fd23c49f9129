//! A private Redis server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{Daemon, Launch, stop_leftover};
use crate::{Port, Programs, StartError, Stopped, TlsFiles, pick, probe, secret};

/// Long, because servers may start while a compiler uses all cores.
const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How to run a Redis server.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// The folder for data, password and log; created if missing.
    pub folder: PathBuf,
    /// The port on loopback.
    pub port: Port,
    /// TLS, without which no connection is accepted then; `None` for plain text.
    pub tls: Option<TlsFiles>,
    /// The log file; by default `server.log` in the folder.
    pub log: Option<PathBuf>,
    /// The installation to use.
    pub programs: Programs,
}

impl RedisOptions {
    /// A server under `folder` on any free port.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), port: Port::Free, tls: None, log: None, programs: Programs::from_environment() }
    }
}

/// A private Redis server. Dropping it stops it; the data stay.
#[derive(Debug)]
pub struct Redis {
    options: RedisOptions,
    port: u16,
    password: String,
    daemon: Option<Daemon>,
}

impl Redis {
    /// Starts a server and waits until it responds. One in the same folder that remains from a killed parent is stopped
    /// first.
    ///
    /// # Errors
    /// Any [`StartError`], with the end of the server's log if there is one.
    pub fn start(options: RedisOptions) -> Result<Self, StartError> {
        let failed = |source| StartError::Folder { path: options.folder.clone(), source };
        secret::private_folder(&options.folder).map_err(failed)?;
        std::fs::create_dir_all(options.folder.join("data")).map_err(failed)?;
        stop_leftover(&record(&options.folder), Signal::TERM, STOP_LIMIT);
        let port = pick(options.port)?;
        let password = secret::stored(&options.folder.join("password")).map_err(failed)?;
        let mut server = Self { options, port, password, daemon: None };
        server.start_again()?;
        Ok(server)
    }

    /// Starts a stopped server again, with the same data and port. Does nothing if it is running.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn start_again(&mut self) -> Result<(), StartError> {
        if self.is_running() {
            return Ok(());
        }
        let programs = &self.options.programs;
        let program = programs
            .find("redis-server")
            .ok_or(StartError::ProgramMissing { program: "redis-server", package: "redis-server" })?;
        // A file instead of arguments, because the arguments of a process are visible to all users.
        let configuration = self.options.folder.join("redis.conf");
        secret::write_private(&configuration, &self.configuration()?)
            .map_err(|source| StartError::Folder { path: configuration.clone(), source })?;
        let mut command = programs.command(&program, &self.options.folder, "redis")?;
        command.arg(&configuration);
        let mut daemon = Daemon::spawn(Launch {
            name: "Redis".to_owned(),
            command,
            log: self.log(),
            append_log: true,
            record: record(&self.options.folder),
        })?;
        let (port, has_tls) = (self.port, self.options.tls.is_some());
        daemon.wait_until_ready(START_LIMIT, || if has_tls { probe::accepts(port) } else { responds(port) })?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Stops the server, which writes its data; kills it after 10 s.
    pub fn stop(&mut self) -> Stopped {
        self.daemon.take().map_or(Stopped::Already, |mut daemon| daemon.stop(Signal::TERM, STOP_LIMIT))
    }

    /// The URL, with the password.
    pub fn url(&self) -> String {
        match self.options.tls {
            None => format!("redis://:{}@127.0.0.1:{}", self.password, self.port),
            Some(_) => format!("rediss://:{}@localhost:{}", self.password, self.port),
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

    fn configuration(&self) -> Result<String, StartError> {
        let listener = match &self.options.tls {
            None => format!("port {}", self.port),
            Some(files) => {
                let files = files.copied_to(&self.options.folder)?;
                format!(
                    "port 0\ntls-port {}\ntls-auth-clients no\ntls-cert-file \"{}\"\ntls-key-file \"{}\"\ntls-ca-cert-file \"{}\"",
                    self.port,
                    files.certificate.display(),
                    files.key.display(),
                    files.authority.display()
                )
            }
        };
        Ok(format!(
            "bind 127.0.0.1\n{listener}\ndir \"{}\"\nrequirepass {}\nappendonly yes\ndaemonize no\n",
            self.options.folder.join("data").display(),
            self.password
        ))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn record(folder: &Path) -> PathBuf {
    folder.join("server.pid")
}

/// Whether the server asks for a password; while it loads its data, it responds with another error.
fn responds(port: u16) -> bool {
    probe::exchange(port, b"PING\r\n", 7).is_ok_and(|answer| answer == b"-NOAUTH")
}
