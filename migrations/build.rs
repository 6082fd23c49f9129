//! Rebuilds when migrations are added: the macro alone does not notice new files.

fn main() {
    for schema in ["orders", "payments", "ocr", "router", "users"] {
        println!("cargo::rerun-if-changed={schema}");
    }
}
