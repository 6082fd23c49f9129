//! Parses the numbers of passed and failed tests from the output of test programs.

use std::ops::AddAssign;

/// Numbers of passed and failed tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Parses cargo's `test result: ok. 13 passed; 0 failed; 0 ignored; ...`.
pub(super) fn of_cargo(line: &str) -> Option<Counts> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |unit: &str| {
        numbers.split("; ").find_map(|item| {
            let (number, name) = item.split_once(' ')?;
            (name == unit).then(|| number.parse().ok()).flatten()
        })
    };
    Some(Counts { passed: number("passed")?, failed: number("failed")? })
}

/// Parses Node's `# pass 3` and `# fail 1` (reporter `tap`) or `ℹ pass 3` (reporter `spec`).
pub(super) fn of_node(line: &str) -> Option<Counts> {
    let text = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (verb, number) = text.split_once(' ')?;
    let number = number.trim().parse().ok()?;
    match verb {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_cargo_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.12s";
        let expected = Counts { passed: 12, failed: 3 };
        assert_eq!(of_cargo(line), Some(expected));
        assert_eq!(of_cargo("test result of mine"), None);
    }

    #[test]
    fn the_numbers_of_node_are_read_from_both_reporters() {
        let mut sum = Counts::default();
        for line in ["# tests 4", "# pass 3", "# fail 1", "ℹ pass 2", "# cancelled 0"] {
            sum += of_node(line).unwrap_or_default();
        }
        let expected = Counts { passed: 5, failed: 1 };
        assert_eq!(sum, expected);
    }
}
