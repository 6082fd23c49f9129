//! A program of the project, run as a process that can be killed and restarted.

use crate::{Client, eventually};
use serde_json::Value;
use servers::{Port, pick};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// A running program; dropping it kills it.
pub struct Program {
    binary: PathBuf,
    variables: Vec<(String, String)>,
    ports: Vec<u16>,
    log: Option<PathBuf>,
    errors: Arc<Mutex<Vec<LoggedError>>>,
    child: Option<Child>,
}

/// A line of level `ERROR` in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedError {
    /// The trace of the request.
    pub trace_id: String,
    /// The error with its causes, without the line in the source of PostgreSQL, which differs between its versions.
    pub error: String,
}

impl Program {
    /// Starts `binary` on a free port of loopback and waits until it is ready.
    ///
    /// # Panics
    /// If it does not become ready.
    pub async fn start(binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        let mut program = Self::prepare(binary, variables);
        program.start_again();
        program.ready().await;
        program
    }

    /// Chooses a port, without starting the program.
    ///
    /// # Panics
    /// When no port is free.
    pub fn prepare(binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        Self::prepare_on(&["LISTEN_ADDR"], binary, variables)
    }

    /// Chooses a port for each variable in `addresses`, without starting the program.
    ///
    /// # Panics
    /// When no port is free.
    pub fn prepare_on(addresses: &[&str], binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        let mut variables: Vec<_> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let ports: Vec<u16> = addresses.iter().map(|_| pick(Port::Free).expect("a free port")).collect();
        let chosen = addresses.iter().zip(&ports);
        variables.extend(chosen.map(|(name, port)| ((*name).to_owned(), format!("127.0.0.1:{port}"))));
        Self { binary: binary.as_ref().to_owned(), variables, ports, log: None, errors: Arc::default(), child: None }
    }

    /// From the next start on, appends its log to a file, instead of keeping it for [`Program::errors`].
    #[must_use]
    pub fn logging_to(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// From the next start on, sets one more variable.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Starts the program on its ports; may be called again after it has ended.
    ///
    /// # Panics
    /// If there is no such program, or its log can't be written.
    pub fn start_again(&mut self) {
        let log = self.log.as_ref().map_or_else(Stdio::piped, |file| {
            let opened = File::options().create(true).append(true).open(file);
            opened.unwrap_or_else(|failure| panic!("open {}: {failure}", file.display())).into()
        });
        let mut child = Command::new(&self.binary)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(log)
            .spawn()
            .unwrap_or_else(|failure| panic!("start {}: {failure}", self.binary.display()));
        if let Some(log) = child.stdout.take() {
            keep_errors(log, Arc::clone(&self.errors));
        }
        self.child = Some(child);
    }

    /// The lines of level `ERROR` in its log so far.
    pub fn errors(&self) -> Vec<LoggedError> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `/readyz` responds with 200.
    ///
    /// # Panics
    /// If it does not in time.
    pub async fn ready(&self) {
        let client = Client::new(&self.url());
        eventually(200, async || match client.try_send(http::Method::GET, "/readyz", None, "").await {
            Ok(answer) => answer.status.as_u16(),
            Err(_) => 0,
        })
        .await;
    }

    /// Sends SIGKILL, which simulates a crash.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends SIGTERM; returns whether the program ended with success.
    ///
    /// # Panics
    /// If it is not running.
    pub async fn stop(&mut self) -> bool {
        let mut child = self.child.take().expect("it runs");
        let pid = child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.expect("waiting does not panic");
        ended.is_ok_and(|status| status.success())
    }

    /// `http://127.0.0.1:<port>`, of the first address.
    ///
    /// # Panics
    /// If it was prepared without an address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port, or the first one of several.
    ///
    /// # Panics
    /// If it was prepared without an address.
    pub fn port(&self) -> u16 {
        self.ports.first().copied().expect("a server listens somewhere")
    }

    /// The process id.
    ///
    /// # Panics
    /// If it is not running.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// The ports, in the order of their variables.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }
}

/// Reads a log until its program ends.
fn keep_errors(log: ChildStdout, errors: Arc<Mutex<Vec<LoggedError>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
            let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
            if text("level") == "ERROR" {
                let error = text("error").split(" at line ").next().unwrap_or_default().to_owned();
                let error = LoggedError { trace_id: text("trace_id"), error };
                errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            }
        }
    });
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
