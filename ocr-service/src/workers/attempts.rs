//! Attempts everything that a worker must not be able to do, so that operators can verify the isolation on their
//! machine.

use super::lockdown;
use rustix::process::{Pid, Resource, Rlimit, getppid, setrlimit, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// More memory than a worker may have, in bytes.
const TOO_MUCH_MEMORY_BYTES: usize = 3 * 1024 * 1024 * 1024;

/// One attempt, with its results before and after the lockdown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// What was attempted.
    pub deed: String,
    /// Result before the lockdown: `done`, or the error.
    pub before: String,
    /// Result after the lockdown: `done`, or the error.
    pub after: String,
}

/// All attempts, and the state of the isolation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempts {
    /// Whether Landlock is enforced: `fully`, `partially`, or `not`.
    pub landlock: String,
    /// The attempts.
    pub attempts: Vec<Attempt>,
}

impl Attempts {
    /// Whether every attempt failed after the lockdown.
    pub fn all_refused(&self) -> bool {
        self.attempts.iter().all(|attempt| attempt.after != DONE)
    }
}

const DONE: &str = "done";

/// A description and the attempt itself. It gets the parent's process id, which cannot be queried after the lockdown.
type Action = (&'static str, fn(Pid) -> io::Result<()>);

const ACTIONS: [Action; 14] = [
    ("read a file", |_| File::open("/etc/passwd").and_then(|mut file| file.read(&mut [0; 1])).map(drop)),
    ("list a folder", |_| fs::read_dir("/").map(drop)),
    ("write a file", |_| write_a_file()),
    ("make a folder", |_| make_a_folder()),
    ("see the environment of the parent", see_the_parent),
    ("listen on TCP", |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)),
    ("open a UDP socket", |_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)),
    ("open a Unix socket", |_| open_a_unix_socket()),
    ("start a process", |_| start_a_process()),
    ("start a thread", |_| std::thread::Builder::new().spawn(|| ()).map(drop)),
    ("signal the parent", signal_the_parent),
    ("change a limit", |_| change_a_limit()),
    ("change the working folder", |_| std::env::set_current_dir("/")),
    ("take 3 GiB of memory", |_| take_much_memory()),
];

/// Attempts everything, locks this process down, attempts everything again, and writes the results to standard output.
///
/// # Errors
/// If the process cannot be locked down, or standard output is closed.
pub fn run_all() -> io::Result<()> {
    let parent = getppid().ok_or(io::ErrorKind::NotFound)?;
    let before: Vec<String> = ACTIONS.iter().map(|(_, attempt)| outcome(attempt(parent))).collect();
    let isolation = lockdown::lock_down().map_err(io::Error::other)?;
    let attempt = |((name, attempt), before): (&Action, String)| Attempt {
        deed: (*name).to_owned(),
        before,
        after: outcome(attempt(parent)),
    };
    let attempts = ACTIONS.iter().zip(before).map(attempt).collect();
    let attempts = Attempts { landlock: isolation.landlock, attempts };
    let mut standard_output = io::stdout().lock();
    serde_json::to_writer(&mut standard_output, &attempts)?;
    standard_output.write_all(b"\n")
}

fn outcome(result: io::Result<()>) -> String {
    result.map_or_else(|failure| failure.to_string(), |()| DONE.to_owned())
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ocr-service-isolation-{}-{name}", std::process::id()))
}

fn write_a_file() -> io::Result<()> {
    let path = scratch("file");
    fs::write(&path, b"x")?;
    fs::remove_file(path)
}

fn make_a_folder() -> io::Result<()> {
    let path = scratch("folder");
    fs::create_dir(&path)?;
    fs::remove_dir(path)
}

fn see_the_parent(parent: Pid) -> io::Result<()> {
    fs::read(format!("/proc/{parent}/environ")).map(drop)
}

fn open_a_unix_socket() -> io::Result<()> {
    let path = scratch("socket");
    UnixListener::bind(&path)?;
    fs::remove_file(path)
}

fn start_a_process() -> io::Result<()> {
    let mut version = Command::new("/proc/self/exe");
    version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().map(drop)
}

fn signal_the_parent(parent: Pid) -> io::Result<()> {
    // Sends no signal, only checks whether one could be sent.
    Ok(test_kill_process(parent)?)
}

fn change_a_limit() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    Ok(setrlimit(Resource::Core, none)?)
}

fn take_much_memory() -> io::Result<()> {
    let mut memory: Vec<u8> = vec![];
    memory.try_reserve_exact(TOO_MUCH_MEMORY_BYTES).map_err(io::Error::other)?;
    // Otherwise the optimiser would remove the unused allocation.
    std::hint::black_box(&memory);
    Ok(())
}
