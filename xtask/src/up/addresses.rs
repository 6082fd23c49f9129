//! The addresses of the running system, for people.

use crate::console::say;

/// Prints one address per line.
pub(super) fn print_addresses(addresses: &[(String, String)]) {
    for (label, url) in addresses {
        say!("  {label:<11} {url}");
    }
}
