//! Rebuilds when migrations are added: the macro alone does not notice new files.

fn main() {
    for folder in ["orders", "payments", "ocr", "router", "users", "../shared/messaging/migrations"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
