//! One sequence of migrations per schema: the service's own and those of the messaging tables.

use migrations::{SCHEMAS, migrators};
use std::collections::BTreeMap;

/// What the release at commit f20ebef applied, when each folder had copies of the messaging tables' files: schema,
/// version, and the beginning of the checksum that its databases have recorded.
const APPLIED: [(&str, i64, &str); 30] = [
    ("orders", 1, "43f8f196f3670cb0"),
    ("orders", 2, "419fcf6fc309b101"),
    ("orders", 3, "18d49e9e0d924dbe"),
    ("orders", 5, "4565b36d8481059f"),
    ("orders", 6, "381b2dafd83bc76a"),
    ("orders", 7, "48bca5acdd693e5c"),
    ("payments", 1, "43f8f196f3670cb0"),
    ("payments", 2, "8d19594edd27bad3"),
    ("payments", 3, "4530e49e7de6b7b1"),
    ("payments", 4, "07fd28852a024c15"),
    ("payments", 5, "4565b36d8481059f"),
    ("payments", 6, "381b2dafd83bc76a"),
    ("payments", 7, "48bca5acdd693e5c"),
    ("ocr", 1, "43f8f196f3670cb0"),
    ("ocr", 2, "76d1de42c58d3b8e"),
    ("ocr", 3, "c01f1fc94ca7d66c"),
    ("ocr", 5, "4565b36d8481059f"),
    ("ocr", 6, "381b2dafd83bc76a"),
    ("ocr", 7, "48bca5acdd693e5c"),
    ("router", 1, "43f8f196f3670cb0"),
    ("router", 2, "424b09848dc91a57"),
    ("router", 3, "2e44577f5aa2a22d"),
    ("router", 5, "4565b36d8481059f"),
    ("router", 6, "381b2dafd83bc76a"),
    ("router", 7, "48bca5acdd693e5c"),
    ("users", 1, "43f8f196f3670cb0"),
    ("users", 3, "5ffa6cecff23a3f2"),
    ("users", 5, "4565b36d8481059f"),
    ("users", 6, "381b2dafd83bc76a"),
    ("users", 7, "48bca5acdd693e5c"),
];

fn checksums() -> BTreeMap<(&'static str, i64), String> {
    let mut found = BTreeMap::new();
    for (schema, migrator) in migrators() {
        for migration in migrator.iter() {
            let (first, _) = migration.checksum.split_first_chunk::<8>().unwrap();
            let checksum = format!("{:016x}", u64::from_be_bytes(*first));
            let before = found.insert((schema, migration.version), checksum);
            assert_eq!(before, None, "two migrations of {schema} have version {}", migration.version);
        }
    }
    found
}

#[test]
fn what_an_earlier_release_has_applied_is_unchanged() {
    let found = checksums();
    for (schema, version, checksum) in APPLIED {
        assert_eq!(found.get(&(schema, version)).map(String::as_str), Some(checksum), "{schema}, version {version}");
    }
}

#[test]
fn versions_are_unique_and_in_order() {
    checksums();
    for (schema, migrator) in migrators() {
        assert!(migrator.iter().is_sorted_by_key(|migration| migration.version), "{schema}");
    }
}

#[test]
fn every_schema_is_that_of_a_service() {
    for schema in SCHEMAS {
        let program = format!("{}/../{}-service/src/main.rs", env!("CARGO_MANIFEST_DIR"), schema.name);
        assert!(std::fs::exists(&program).unwrap(), "{}: no {program}", schema.name);
    }
}
