//! A service made in a temporary copy of the checkout.

use std::fs;
use std::process::Command;

use crate::checkout::Checkout;
use crate::new::copy::Copy;
use crate::new::create;
use crate::tidy;

/// Names that no service of this project has, so that the tests pass in a project with more services.
const NAMES: [&str; 4] = ["trialrun", "abctrial", "trialsoftwentyfourletter", "ztrial"];

fn copy(name: &str) -> Copy {
    let folder = std::env::temp_dir().join(format!("chipin-{name}-{}", std::process::id()));
    Copy::of(&Checkout::of_this_build(), folder).unwrap()
}

#[test]
fn new_services_are_tidy_formatted_and_registered_and_a_second_of_the_name_is_refused() {
    let copy = copy("new");
    let checkout = copy.checkout();
    let first = create(&checkout, NAMES[0]).unwrap();
    // The others find their places beside the first, however long the lines have become.
    for (number, name) in (1..).zip(&NAMES[1..]) {
        assert_eq!(create(&checkout, name).unwrap(), first + number);
    }
    // The rules of this build do not have the new crates, those of the copy do.
    let mut findings = tidy::errors(&checkout).unwrap();
    findings.retain(|finding| !finding.contains("no rule lists the allowed dependencies"));
    let rules = fs::read_to_string(checkout.path("xtask/src/tidy/imports.rs")).unwrap();
    assert!(NAMES.iter().all(|name| rules.contains(&format!("folder: \"{name}-service\""))));
    assert!(findings.is_empty(), "{findings:#?}");
    for name in NAMES {
        let failure = create(&checkout, name).unwrap_err().to_string();
        assert!(failure.contains("exists already"), "{failure}");
        let lock = fs::read_to_string(checkout.path("Cargo.lock")).unwrap();
        assert!(lock.contains(&format!("name = \"{name}-service\"")), "Cargo.lock has {name}-service");
        let routes = fs::read_to_string(checkout.path("gateway/src/routes.rs")).unwrap();
        assert!(routes.contains(&format!("\"../{name}/openapi.json\"")), "{routes}");
        let found = crate::compose::drift_of(&checkout, &format!("{name}-service"));
        assert_eq!(found, Vec::<String>::new());
    }
    let formatted = Command::new("cargo").args(["fmt", "--all", "--", "--check"]).current_dir(checkout.root()).output();
    let formatted = formatted.unwrap();
    assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
}

#[test]
fn nothing_is_written_when_a_place_is_missing() {
    let copy = copy("missing");
    let checkout = copy.checkout();
    let path = checkout.path("gateway/src/routes.rs");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("const LOGIN: Target", "const SIGN_IN: Target")).unwrap();
    let failure = create(&checkout, "trialrun").unwrap_err().to_string();
    assert!(failure.contains("gateway/src/routes.rs has no place") && failure.contains("TRIALRUN"), "{failure}");
    assert!(!checkout.path("trialrun-service").exists());
}
