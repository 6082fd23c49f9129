//! What the person at the terminal sees while steps run.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Prints a line like `println!`, but does not panic when the reader of a pipe, e.g. `head`, has gone.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(crate) use say;

/// Without a terminal, a long step says this often that it goes on.
const QUIET: Duration = Duration::from_secs(15);

/// Prints a line per step with the seconds since the start, and on a terminal a live line for what runs now.
#[derive(Debug)]
pub(crate) struct Console {
    began: Instant,
    terminal: bool,
    /// Says nothing.
    silent: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whether a live line is on the screen and must be wiped before the next line.
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

    /// A console that says nothing: the output belongs to a program.
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

    /// Shows what goes on inside a long step: at once on a terminal, now and then in a log.
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

    /// Runs a step, prints when it is done, and remembers how long it took.
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

    /// A table of where the time went.
    pub(crate) fn timings(&self) -> String {
        let mut rows = self.lock().timings.clone();
        rows.push(("total".to_owned(), self.began.elapsed()));
        let rows: Vec<String> =
            rows.iter().map(|(step, took)| format!("  {step:<12} {:7.1} s", took.as_secs_f64())).collect();
        format!("Where the time went (packages and servers beside the build):\n{}", rows.join("\n"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
