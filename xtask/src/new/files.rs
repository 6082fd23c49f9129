//! The files of a new service: the templates, filled in.

use crate::new::name::Name;

macro_rules! templates {
    ($($path:literal <- $template:literal,)*) => {
        [$(($path, include_str!(concat!("template/", $template, ".template"))),)*]
    };
}

/// Where each file goes, and its template.
const FILES: &[(&str, &str)] = &templates![
    "{{name}}-service/Cargo.toml" <- "service/Cargo.toml",
    "{{name}}-service/README.md" <- "service/README.md",
    "{{name}}-service/src/main.rs" <- "service/src/main.rs",
    "{{name}}-service/src/lib.rs" <- "service/src/lib.rs",
    "{{name}}-service/src/config.rs" <- "service/src/config.rs",
    "{{name}}-service/src/state.rs" <- "service/src/state.rs",
    "{{name}}-service/src/api/mod.rs" <- "service/src/api/mod.rs",
    "{{name}}-service/src/api/list_notes.rs" <- "service/src/api/list_notes.rs",
    "{{name}}-service/src/api/note_json.rs" <- "service/src/api/note_json.rs",
    "{{name}}-service/src/api/write_note.rs" <- "service/src/api/write_note.rs",
    "{{name}}-service/src/domain/mod.rs" <- "service/src/domain/mod.rs",
    "{{name}}-service/src/domain/note.rs" <- "service/src/domain/note.rs",
    "{{name}}-service/src/store/mod.rs" <- "service/src/store/mod.rs",
    "{{name}}-service/src/store/notes.rs" <- "service/src/store/notes.rs",
    "{{name}}-service/.sqlx/query-29b3eb4e90819ac0fdf030730345cd9aaf441ceebc669a6a2d6b10163a9f57f8.json" <- "service/sqlx/query-29b3eb4e90819ac0fdf030730345cd9aaf441ceebc669a6a2d6b10163a9f57f8.json",
    "{{name}}-service/.sqlx/query-ada73f08bdabd75b277ebb1bb7257a4034a3eea2c866f248e2a08c4bd63dd81b.json" <- "service/sqlx/query-ada73f08bdabd75b277ebb1bb7257a4034a3eea2c866f248e2a08c4bd63dd81b.json",
    "{{name}}-service/tests/it/main.rs" <- "service/tests/it/main.rs",
    "{{name}}-service/tests/it/stage.rs" <- "service/tests/it/stage.rs",
    "{{name}}-service/tests/it/writing.rs" <- "service/tests/it/writing.rs",
    "migrations/{{name}}/0002_idempotency_keys.sql" <- "migrations/0002_idempotency_keys.sql",
    "migrations/{{name}}/0003_notes.sql" <- "migrations/0003_notes.sql",
    "shared/contracts/src/{{name}}.rs" <- "contracts/events.rs",
    "shared/contracts/golden/{{name}}.NoteWritten.v1.json" <- "contracts/golden.json",
];

/// The files by path.
pub(super) fn of(name: &Name, port: u16) -> impl Iterator<Item = (String, String)> {
    FILES.iter().map(move |(path, template)| (filled(path, name, port), filled(template, name, port)))
}

/// The template with its placeholders replaced.
pub(super) fn filled(template: &str, name: &Name, port: u16) -> String {
    template
        .replace("{{name}}", name.as_str())
        .replace("{{Name}}", &name.capitalised())
        .replace("{{NAME}}", &name.upper())
        .replace("{{port}}", &port.to_string())
}
