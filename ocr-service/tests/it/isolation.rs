//! The isolation of workers, and the command-line tools.

use crate::pictures;
use crate::stage::{PROGRAM, WORKER};
use serde_json::Value;
use std::process::Command;

#[test]
fn a_locked_down_worker_can_do_nothing_but_read() {
    let output = Command::new(PROGRAM).args(["isolation", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let attempts = report["attempts"].as_array().unwrap();
    assert!(attempts.len() >= 14);
    for attempt in attempts {
        assert_eq!(attempt["before"], "done", "otherwise the attempt proves nothing: {attempt}");
        assert_ne!(attempt["after"], "done", "{attempt}");
    }
}

#[test]
fn a_worker_that_reads_has_one_thread_and_three_pipes_and_no_environment() {
    use std::io::Read;
    use std::process::Stdio;
    let mut worker = Command::new(WORKER)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first message says that it is locked down.
    let mut letter = [0];
    worker.stdout.as_mut().unwrap().read_exact(&mut letter).unwrap();
    assert_eq!(&letter, b"R");
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let fact = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!((fact("Threads:"), fact("NoNewPrivs:"), fact("Seccomp:")), ("1".into(), "1".into(), "2".into()));
    // Without a picture the worker exits.
    drop(worker.stdin.take());
    assert!(worker.wait().unwrap().success());
}

#[test]
fn pictures_are_read_from_files_without_a_server() {
    let folder = std::env::temp_dir().join(testkit::unique("pictures"));
    std::fs::create_dir_all(&folder).unwrap();
    let (good, bad) = (folder.join("good.png"), folder.join("bad.png"));
    std::fs::write(&good, testkit::picture::png(&pictures::slip())).unwrap();
    std::fs::write(&bad, b"nonsense").unwrap();
    let output = Command::new(PROGRAM).args(["read", "--workers", "1"]).args([&good, &bad]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    let of = |file: &std::path::Path| lines.iter().find(|line| line["file"] == file.to_str().unwrap()).unwrap();
    assert_eq!(of(&good)["cheque"]["total_account"], 5);
    assert!(of(&good)["seconds"].as_f64().unwrap() > 0.0);
    assert!(of(&bad)["refused"].as_str().unwrap().contains("JPEG"));
    std::fs::remove_dir_all(folder).unwrap();
}
