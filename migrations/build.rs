//! Embeds new migrations: the macro alone does not notice a new file.

fn main() {
    for schema in ["orders", "payments", "ocr", "router", "users"] {
        println!("cargo::rerun-if-changed={schema}");
    }
}
