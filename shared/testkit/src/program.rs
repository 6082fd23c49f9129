//! A program of ours, run as a process: started, killed, started again.

use crate::{Client, eventually};
use servers::{Port, pick};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server of ours; dropping it kills it.
pub struct Program {
    binary: PathBuf,
    variables: Vec<(String, String)>,
    ports: Vec<u16>,
    log: Option<PathBuf>,
    child: Option<Child>,
}

impl Program {
    /// Starts `binary` on a free port of loopback and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        let mut program = Self::prepare(binary, variables);
        program.start_again();
        program.ready().await;
        program
    }

    /// Chooses a port, and starts nothing yet.
    ///
    /// # Panics
    /// When no port is free.
    pub fn prepare(binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        Self::prepare_on(&["LISTEN_ADDR"], binary, variables)
    }

    /// Chooses a port for each variable in `addresses`, for a program that listens on several; starts nothing yet.
    ///
    /// # Panics
    /// When no port is free.
    pub fn prepare_on(addresses: &[&str], binary: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        let mut variables: Vec<_> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let ports: Vec<u16> = addresses.iter().map(|_| pick(Port::Free).expect("a free port")).collect();
        let chosen = addresses.iter().zip(&ports);
        variables.extend(chosen.map(|(name, port)| ((*name).to_owned(), format!("127.0.0.1:{port}"))));
        Self { binary: binary.as_ref().to_owned(), variables, ports, log: None, child: None }
    }

    /// Appends its log to a file, from the next start on; else it is thrown away.
    #[must_use]
    pub fn logging_to(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// Sets one more variable, from the next start on.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Starts it (again) on its ports.
    ///
    /// # Panics
    /// When there is no such program, or its log can't be written.
    pub fn start_again(&mut self) {
        let log = self.log.as_ref().map_or_else(Stdio::null, |file| {
            let opened = File::options().create(true).append(true).open(file);
            opened.unwrap_or_else(|failure| panic!("open {}: {failure}", file.display())).into()
        });
        let child = Command::new(&self.binary)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(log)
            .spawn()
            .unwrap_or_else(|failure| panic!("start {}: {failure}", self.binary.display()));
        self.child = Some(child);
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn ready(&self) {
        let client = Client::new(&self.url());
        eventually(200, async || match client.try_send(http::Method::GET, "/readyz", None, "").await {
            Ok(answer) => answer.status.as_u16(),
            Err(_) => 0,
        })
        .await;
    }

    /// SIGKILL, as if the machine had lost it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM; returns whether it ended cleanly.
    ///
    /// # Panics
    /// When it does not run.
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
    /// When it was prepared without any.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Its port, or the first of them.
    ///
    /// # Panics
    /// When it was prepared without any.
    pub fn port(&self) -> u16 {
        self.ports.first().copied().expect("a server listens somewhere")
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Its ports, in the order of their variables.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
