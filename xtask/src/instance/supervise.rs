//! Supervises the services: waits for readiness, restarts after crashes, stops them in order.

use std::thread;
use std::time::{Duration, Instant};

use servers::{Daemon, Signal, tail};

use crate::console::Console;
use crate::failure::Failure;
use crate::instance::plan::Plan;
use crate::instance::services::Service;
use crate::instance::state::Part;
use crate::interrupt::Interrupt;

const POLL: Duration = Duration::from_millis(20);
const READY_LIMIT: Duration = Duration::from_mins(1);
/// Longer than a service's own time limit for draining (`SHUTDOWN_SECS`, 20).
const STOP_LIMIT: Duration = Duration::from_secs(30);
const BACKOFF_MIN: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// The restart delay is reset after this time without a crash.
const CALM: Duration = Duration::from_mins(1);

/// A supervised service.
#[derive(Debug)]
pub(crate) struct Supervised {
    service: Service,
    daemon: Option<Daemon>,
    started: Instant,
    /// When to restart a crashed service.
    due: Option<Instant>,
    backoff: Duration,
    restarts: u32,
}

impl Supervised {
    /// Starts a service.
    ///
    /// # Errors
    /// Fails if its program cannot be run.
    pub(crate) fn start(service: Service, plan: &Plan) -> Result<Self, Failure> {
        let daemon = service.spawn(plan)?;
        Ok(Self {
            service,
            daemon: Some(daemon),
            started: Instant::now(),
            due: None,
            backoff: BACKOFF_MIN,
            restarts: 0,
        })
    }

    /// The service, for `status`; `None` while it is not running.
    pub(crate) fn part(&self) -> Option<Part> {
        let pid = self.daemon.as_ref()?.pid();
        Part::running(self.service.name, self.service.port, pid, self.service.probe, self.restarts)
    }

    /// Detects a crash, and restarts the service after the delay; returns whether the state has changed.
    pub(crate) fn restart_crashed(&mut self, plan: &Plan, console: &Console) -> bool {
        if let Some(status) = self.daemon.as_mut().and_then(Daemon::ended) {
            self.daemon = None;
            if self.started.elapsed() > CALM {
                self.backoff = BACKOFF_MIN;
            }
            console.line(
                self.service.name,
                &format!(
                    "crashed ({status}), restarting in {:.2} s; end of its log:\n{}",
                    self.backoff.as_secs_f64(),
                    tail(&plan.log(self.service.name), 5)
                ),
            );
            self.due = Some(Instant::now() + self.backoff);
            self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
            return true;
        }
        if self.due.is_none_or(|due| due > Instant::now()) {
            return false;
        }
        self.restarts += 1;
        match self.service.spawn(plan) {
            Ok(daemon) => {
                let pid = daemon.pid();
                self.daemon = Some(daemon);
                self.started = Instant::now();
                self.due = None;
                console.line(self.service.name, &format!("started again, process {pid}"));
            }
            Err(error) => {
                self.due = Some(Instant::now() + self.backoff);
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
                let failure = Failure::from(error);
                console.line(self.service.name, &format!("start failed: {failure}"));
            }
        }
        true
    }
}

/// Waits until `/readyz` of every service returns 200.
///
/// # Errors
/// Fails with the end of the log of a service that exited or is not ready in time.
pub(crate) fn wait_until_ready(services: &mut [Supervised], plan: &Plan, interrupt: &Interrupt) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        interrupt.check()?;
        let mut late = None;
        for supervised in &mut *services {
            let name = supervised.service.name;
            let log_tail = || tail(&plan.log(name), 30);
            if let Some(status) = supervised.daemon.as_mut().and_then(Daemon::ended) {
                return Err(Failure::new(format!("{name} exited ({status}) before it was ready:\n{}", log_tail())));
            }
            if !supervised.part().is_some_and(|part| part.is_ready()) {
                late = Some(name);
            }
        }
        let Some(late) = late else { return Ok(()) };
        if began.elapsed() > READY_LIMIT {
            return Err(Failure::new(format!(
                "{late} is not ready after {} s:\n{}",
                READY_LIMIT.as_secs(),
                tail(&plan.log(late), 30)
            )));
        }
        thread::sleep(POLL);
    }
}

/// Stops the services: the gateway first, so that no request reaches a partial system, then the others in parallel.
pub(crate) fn stop(mut services: Vec<Supervised>) {
    if let Some(gateway) = services.pop() {
        stop_one(gateway);
    }
    thread::scope(|scope| {
        for supervised in services {
            scope.spawn(|| stop_one(supervised));
        }
    });
}

fn stop_one(mut supervised: Supervised) {
    if let Some(daemon) = &mut supervised.daemon {
        daemon.stop(Signal::TERM, STOP_LIMIT);
    }
}
