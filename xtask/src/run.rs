//! Runs a program to completion, line by line, and stops on an interrupt.

use std::io::{BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use servers::{Process, Signal};

use crate::failure::{Doing, Failure};
use crate::interrupt::Interrupt;

const POLL: Duration = Duration::from_millis(50);

/// What to do with a running program on Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// Stop it.
    Stop,
    /// Let it finish, because an interrupted package installation is worse than a delay.
    Finish,
}

/// Runs `command`, passes each line of its output and errors to `each_line`, and returns its exit status.
///
/// A line ends at `\n` or `\r`, so that updates of a progress bar are lines too.
///
/// # Errors
/// Fails if the program cannot be run, or on an interrupt.
pub(crate) fn lines(
    mut command: Command,
    interrupt: &Interrupt,
    on_interrupt: OnInterrupt,
    mut each_line: impl FnMut(&str),
) -> Result<ExitStatus, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // In its own process group: on Ctrl-C, this process decides what to stop and in which order.
        .process_group(0)
        .spawn()
        .doing(format!("run `{program}`"))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        forward(out, sender.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward(err, sender);
    }
    let mut stopped = false;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(line) => each_line(&line),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if interrupt.is_raised() && on_interrupt == OnInterrupt::Stop && !stopped {
            end(&child);
            stopped = true;
        }
    }
    let status = child.wait().doing(format!("wait for `{program}`"))?;
    interrupt.check()?;
    Ok(status)
}

fn end(child: &Child) {
    if let Some(process) = Process::running(child.id()) {
        process.signal_group(Signal::TERM);
    }
}

fn forward(from: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    thread::spawn(move || {
        let mut line = Vec::new();
        for byte in BufReader::new(from).bytes() {
            match byte {
                Ok(b'\n' | b'\r') => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line.clear();
                    if to.send(text).is_err() {
                        return;
                    }
                }
                Ok(byte) => line.push(byte),
                Err(_) => break,
            }
        }
        if !line.is_empty() {
            let _ = to.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
}
