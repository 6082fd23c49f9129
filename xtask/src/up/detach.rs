//! `up --detach`: leaves the supervisor running in the background and returns when the system is ready.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use servers::{Process, Signal};

use crate::checkout::Checkout;
use crate::cli::UpOptions;
use crate::failure::{Doing, Failure};
use crate::install::{Need, ask_for_password, missing};
use crate::instance::{Phase, State};
use crate::interrupt::Interrupt;

const POLL: Duration = Duration::from_millis(50);

/// Starts a supervisor in its own session and shows its log until it is ready or has failed.
pub(super) fn detach(checkout: &Checkout, options: &UpOptions) -> Result<ExitCode, Failure> {
    // The supervisor has no terminal for sudo's password prompt.
    ask_for_password(&missing(&[Need::Postgres, Need::RabbitMq, Need::Redis, Need::OpenSsl, Need::Tesseract]));
    let interrupt = Interrupt::watch()?;
    let log = checkout.local().join("logs/up.log");
    servers::private_folder(&checkout.local().join("logs")).doing("make .local/logs")?;
    // It shows the password of the database.
    servers::write_private(&log, "").doing(format!("write {}", log.display()))?;
    let write = File::options().append(true).open(&log).doing(format!("write {}", log.display()))?;
    let errors = write.try_clone().doing("share the log")?;
    let this = std::env::current_exe().doing("find this program")?;
    let mut command = Command::new(this);
    command.args(["up", "--supervisor"]);
    if options.release {
        command.arg("--release");
    }
    if options.tls {
        command.arg("--tls");
    }
    let mut child = command
        .current_dir(checkout.root())
        .stdin(Stdio::null())
        .stdout(write)
        .stderr(errors)
        .spawn()
        .doing("start the supervisor")?;
    let mut read = File::open(&log).doing(format!("read {}", log.display()))?;
    loop {
        show_new(&mut read);
        if interrupt.is_raised() {
            return give_up(&mut child, &mut read);
        }
        if let Some(status) = child.try_wait().doing("wait for the supervisor")? {
            show_new(&mut read);
            return Err(Failure::new(format!("the start failed ({status}); the full log is {}", log.display())));
        }
        if is_ready(checkout, child.id()) {
            // The addresses are printed right after the state becomes ready.
            thread::sleep(POLL);
            show_new(&mut read);
            let hint = "It continues in the background. See `cargo xtask status`, `logs SERVICE`, `down`.";
            let _ = writeln!(std::io::stdout(), "{hint}");
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(POLL);
    }
}

fn is_ready(checkout: &Checkout, supervisor: u32) -> bool {
    State::read(&checkout.local())
        .is_some_and(|state| state.phase == Phase::Ready && state.supervisor.pid() == supervisor)
}

fn give_up(child: &mut Child, read: &mut File) -> Result<ExitCode, Failure> {
    if let Some(process) = Process::running(child.id()) {
        process.signal(Signal::TERM);
    }
    child.wait().doing("wait for the supervisor")?;
    show_new(read);
    Err(Failure::new("interrupted; everything is stopped"))
}

fn show_new(log: &mut File) {
    let mut text = Vec::new();
    let _ = log.read_to_end(&mut text);
    // Not `print!`, which panics if the reader of a pipe has exited.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(&text).and_then(|()| out.flush());
}
