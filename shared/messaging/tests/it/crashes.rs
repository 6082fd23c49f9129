//! A process is killed right after any step; another one takes over.

use crate::stage::{Stage, broker, handled, unsent};
use rabbit_outbox::probe::Step;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use testkit::{TestBroker, eventually};

/// Events per round: several windows and batches would hide which step was hit.
const PER_ROUND: i64 = 12;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(stage: &Stage, broker: &TestBroker, crash: &[String]) -> Self {
        // Examples are built next to the tests.
        let test: PathBuf = std::env::current_exe().unwrap();
        let program = test.parent().unwrap().parent().unwrap().join("examples/ping_pong");
        let child = Command::new(&program)
            .args(["--database-url", &stage.database.admin_url(), "--amqp-url", broker.url()])
            .args(crash)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self(child)
    }

    async fn ended(&mut self) -> ExitStatus {
        for _ in 0..3000 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the process did not reach the step");
    }
}

/// Every step of `service`, one after the other, on the same data.
async fn survives_every_crash_of(service: &str) {
    let (stage, broker) = (Stage::new().await, broker().await);
    let mut said = 0;
    for step in Step::ALL {
        sqlx::query("insert into todo select generate_series($1::bigint, $2::bigint)")
            .bind(said)
            .bind(said + PER_ROUND - 1)
            .execute(&stage.alpha)
            .await
            .unwrap();
        said += PER_ROUND;
        let crash = ["--crash-service", service, "--crash-at", &format!("{step:?}")].map(str::to_owned);
        let crashed = Process::start(&stage, &broker, &crash).ended().await;
        assert!(!crashed.success(), "{step:?}");

        // The successor is killed too, at no particular step, when everything was handled.
        let successor = Process::start(&stage, &broker, &[]);
        eventually((said, said), async || handled(&stage.beta).await).await;
        eventually((said, said), async || handled(&stage.alpha).await).await;
        eventually((0, 0), async || (unsent(&stage.alpha).await, unsent(&stage.beta).await)).await;
        drop(successor);
    }
}

#[tokio::test]
async fn a_crash_of_the_first_service_after_any_step_loses_and_doubles_nothing() {
    survives_every_crash_of("alpha").await;
}

#[tokio::test]
async fn a_crash_of_the_second_service_after_any_step_loses_and_doubles_nothing() {
    survives_every_crash_of("beta").await;
}
