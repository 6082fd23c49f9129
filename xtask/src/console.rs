//! Progress output for the terminal.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Prints a line like `println!`, but does not panic if the reader of a pipe, such as `head`, has exited.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(crate) use say;

/// Interval of progress lines during a long step without a terminal.
const QUIET: Duration = Duration::from_secs(15);

/// Prints a line per step with the elapsed seconds, and on a terminal a live line about the current step.
#[derive(Debug)]
pub(crate) struct Console {
    began: Instant,
    terminal: bool,
    /// Prints nothing.
    silent: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whether a live line must be cleared before the next line.
    live: bool,
    last_sign: Instant,
    timings: Vec<(String, Duration)>,
}

impl Console {
    /// A console whose clock starts now.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            terminal: std::io::stdout().is_terminal(),
            silent: false,
            state: Mutex::new(State { live: false, last_sign: now, timings: Vec::new() }),
        }
    }

    /// A console that prints nothing, for machine-readable output.
    pub(crate) fn silent() -> Self {
        Self { silent: true, ..Self::new() }
    }

    /// Prints a line about `step`.
    pub(crate) fn line(&self, step: &str, text: &str) {
        if self.silent {
            return;
        }
        let mut state = self.lock();
        let seconds = self.began.elapsed().as_secs_f64();
        let mut out = std::io::stdout().lock();
        if state.live {
            let _ = write!(out, "\r\x1b[K");
            state.live = false;
        }
        let _ = writeln!(out, "[{seconds:6.1}s] {step:<10} {text}");
        let _ = out.flush();
        state.last_sign = Instant::now();
    }

    /// Shows progress within a long step: immediately on a terminal, periodically in a log.
    pub(crate) fn live(&self, step: &str, text: &str) {
        if self.silent {
            return;
        }
        let mut state = self.lock();
        let seconds = self.began.elapsed().as_secs_f64();
        let mut out = std::io::stdout().lock();
        if self.terminal {
            let text: String = text.chars().take(56).collect();
            let _ = write!(out, "\r\x1b[K[{seconds:6.1}s] {step:<10} {text}");
            let _ = out.flush();
            state.live = true;
        } else if state.last_sign.elapsed() >= QUIET {
            let _ = writeln!(out, "[{seconds:6.1}s] {step:<10} {text}");
            let _ = out.flush();
            state.last_sign = Instant::now();
        }
    }

    /// Runs a step, prints when it is complete, and records its duration.
    pub(crate) fn timed<T, E>(&self, step: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let began = Instant::now();
        let outcome = work();
        let took = began.elapsed();
        if outcome.is_ok() {
            self.line(step, &format!("done in {:.1} s", took.as_secs_f64()));
        }
        self.lock().timings.push((step.to_owned(), took));
        outcome
    }

    /// A table with the duration of each step.
    pub(crate) fn timings(&self) -> String {
        let mut rows = self.lock().timings.clone();
        rows.push(("total".to_owned(), self.began.elapsed()));
        let rows: Vec<String> =
            rows.iter().map(|(step, took)| format!("  {step:<12} {:7.1} s", took.as_secs_f64())).collect();
        format!("Duration of each step (packages and servers in parallel with the build):\n{}", rows.join("\n"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
