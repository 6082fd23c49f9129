//! What an error code of PostgreSQL means for an event: its data is bad, there was a conflict, or the error is
//! unrelated to the event.
//!
//! Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes"; all classes are covered.

/// What an error code means for the event that was being handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The database does not accept writes now: no event is judged.
    Outage,
    /// The session was lost or refused: check whether the database is available.
    SessionLost,
    /// Two transactions conflicted, or a time limit was exceeded: a retry may succeed soon.
    Conflict,
    /// The event's data can't be stored, now or later.
    Data,
    /// A referenced row does not exist; it may come with another event.
    Reference,
    /// The program or the schema is wrong, for this event and probably for others.
    Program,
}

/// The meaning of a code: five characters, of which the first two are the class.
pub(crate) fn meaning(code: &str) -> Meaning {
    match code {
        // feature_not_supported, as in "cached plan must not change result type": the prepared statement is older than
        // a migration. unique_violation and exclusion_violation: one of two concurrent transactions is retried and sees
        // the other's row. 25P03, 25P04: the session was idle in its transaction, or the transaction ran, for too long.
        // lock_not_available; query_canceled, also by statement_timeout.
        "0A000" | "23505" | "23P01" | "25P03" | "25P04" | "55P03" | "57014" => return Meaning::Conflict,
        // foreign_key_violation: the referenced row may come with a later event.
        "23503" => return Meaning::Reference,
        // read_only_sql_transaction: a standby, or a database that was set read-only for a failover. database_dropped.
        "25006" | "57P04" => return Meaning::Outage,
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        // Connection exception; invalid SQL statement name: a prepared statement was lost with its session. Operator
        // intervention: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout.
        "08" | "26" | "57" => Meaning::SessionLost,
        // Invalid authorization; invalid catalog name; insufficient resources; system error; configuration file error.
        "28" | "3D" | "53" | "58" | "F0" => Meaning::Outage,
        // Transaction rollback: serialization_failure, deadlock_detected. Object not in prerequisite state; snapshot
        // too old. PL/pgSQL error: raised by a function, for a reason that is unknown here.
        "40" | "55" | "72" | "P0" => Meaning::Conflict,
        // Case not found; cardinality violation; data exception; integrity constraint violation; with check option
        // violation; program limit exceeded.
        "20" | "21" | "22" | "23" | "44" | "54" => Meaning::Data,
        // Everything else is about the program or the schema: success and warnings (00, 01, 02), statement not yet
        // complete (03), triggered action (09), feature not supported (0A), invalid transaction initiation (0B),
        // locator (0F), invalid grantor (0L), invalid role specification (0P), diagnostics (0Z), invalid cursor state
        // (24), invalid transaction state (25), triggered data change (27), dependent privilege descriptors (2B),
        // invalid transaction termination (2D), SQL routine (2F), invalid cursor name (34), external routine (38, 39),
        // savepoint (3B), invalid schema name (3F), syntax or access rule (42), foreign data wrapper (HV), internal
        // error (XX).
        _ => Meaning::Program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The classes of appendix A, PostgreSQL 17.
    const CLASSES: [&str; 43] = [
        "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24", "25",
        "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55",
        "57", "58", "72", "F0", "HV", "P0", "XX",
    ];

    #[test]
    fn every_class_is_named_in_this_file() {
        let file = include_str!("sqlstate.rs");
        let text = &file[..file.find("#[cfg(test)]").unwrap()];
        for class in CLASSES {
            let named = text.contains(&format!("\"{class}\""))
                || text.contains(&format!("{class})"))
                || text.contains(&format!("{class},"))
                || text.contains(&format!("({class}"));
            assert!(named, "class {class} is not named");
        }
    }

    #[test]
    fn what_is_away_is_an_outage_and_what_can_never_be_stored_is_the_events_own() {
        for code in ["25006", "53100", "53300", "58030", "28P01", "3D000", "57P04"] {
            assert_eq!(meaning(code), Meaning::Outage, "{code}");
        }
        for code in ["22021", "22003", "23514", "23502", "54000", "44000"] {
            assert_eq!(meaning(code), Meaning::Data, "{code}");
        }
        assert_eq!(meaning("57P01"), Meaning::SessionLost);
        assert_eq!(meaning("40P01"), Meaning::Conflict);
        assert_eq!(meaning("42P01"), Meaning::Program);
        assert_eq!(meaning(""), Meaning::Program);
    }
}
