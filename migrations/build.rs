//! Lists the schemas: every folder with migrations is one. Also rebuilds when migrations are added, which the macro
//! alone does not notice.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo passes the folder of generated files in a variable")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut list = String::from("[\n");
    for schema in schemas()? {
        println!("cargo::rerun-if-changed={schema}");
        let upper = schema.to_uppercase();
        writeln!(
            list,
            "Schema {{ name: {schema:?}, password_argument: \"{schema}-db-password\", \
             password_variable: \"{upper}_DB_PASSWORD\", own: sqlx::migrate!(\"./{schema}\") }},"
        )?;
    }
    list.push(']');
    println!("cargo::rerun-if-changed=../shared/messaging/migrations");
    // The folder itself, for a schema that is added or removed.
    println!("cargo::rerun-if-changed=.");
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("schemas.rs"), list)?;
    Ok(())
}

/// The folders with migrations.
fn schemas() -> io::Result<Vec<String>> {
    let mut schemas = Vec::new();
    for entry in fs::read_dir(".")? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && has_migrations(&entry.path())? {
            schemas.extend(entry.file_name().into_string());
        }
    }
    schemas.sort();
    Ok(schemas)
}

fn has_migrations(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        // A version and a description: `0003_orders.sql`.
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".sql") && name.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(true);
        }
    }
    Ok(false)
}
