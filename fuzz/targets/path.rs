//! Fuzzes the check of request paths: every server splits an accepted path into the same segments.

#![no_main]

use gateway::fuzzing::{decode, is_accepted, is_operations_path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| {
    if !is_accepted(path) {
        return;
    }
    let decoded = decode(path).expect("an accepted path has no malformed escapes");
    // A server that decodes before it splits must get the same segments as one that splits before it decodes.
    let early: Vec<Vec<u8>> = decoded.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
    let late: Vec<Vec<u8>> = path.split('/').map(|segment| decode(segment).unwrap_or_default()).collect();
    assert_eq!(early, late, "{path}");
    assert!(early[0].is_empty() && early.len() >= 2, "{path} is not absolute");
    for (at, segment) in early.iter().enumerate().skip(1) {
        let is_last = at + 1 == early.len();
        assert!(is_last || !segment.is_empty(), "{path} has an empty segment");
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        assert!(name != b"." && name != b"..", "{path} contains a dot segment");
        assert!(
            !segment.contains(&b'\\') && !segment.iter().any(u8::is_ascii_control),
            "{path} contains a hidden character"
        );
    }
    // The operations pages are recognised in every spelling.
    let is_operations = early[1].eq_ignore_ascii_case(b"operations");
    assert_eq!(is_operations_path(path), is_operations, "{path}");
});
