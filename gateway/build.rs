//! Embeds the built web UI in the program: every file of `frontend/dist`, also gzipped where that is smaller.
//!
//! A missing folder counts as an empty one, so the gateway builds without the UI.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::{Result, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<()> {
    let dist = folder("CARGO_MANIFEST_DIR").join("../frontend/dist");
    let out = folder("OUT_DIR");
    // Cargo watches every file of an existing folder, and nothing for a missing one, so then its parent is watched.
    let watched = if dist.is_dir() { "dist" } else { "" };
    println!("cargo::rerun-if-changed=../frontend/{watched}");

    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut code = String::from("pub(super) static ASSETS: &[Asset] = &[\n");
    for (index, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&dist).unwrap_or(file);
        let bytes = fs::read(file)?;
        let gzip = out.join(format!("{index}.gz"));
        let gzip = compress(&bytes, &gzip)?.then_some(gzip);
        writeln!(
            code,
            "    Asset {{ path: {:?}, content_type: {:?}, version: {:?}, bytes: {}, gzip: {} }},",
            format!("/{}", name.display()),
            content_type(name),
            version(&bytes),
            include(file),
            gzip.map_or_else(|| "None".to_owned(), |gzip| format!("Some({})", include(&gzip))),
        )
        .map_err(std::io::Error::other)?;
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code)
}

fn include(file: &Path) -> String {
    format!("include_bytes!({:?})", file.to_string_lossy())
}

fn folder(variable: &str) -> PathBuf {
    env::var_os(variable).map(PathBuf::from).expect("Cargo sets this variable for build scripts")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes the gzipped bytes to `to`. Returns false, and writes nothing, if this saves less than a tenth.
fn compress(bytes: &[u8], to: &Path) -> Result<bool> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let gzip = encoder.finish()?;
    let pays = gzip.len() < bytes.len() / 10 * 9;
    if pays {
        fs::write(to, gzip)?;
    }
    Ok(pays)
}

/// A version that changes with the content. It is not a secret, so a fast hash is enough.
fn version(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|name| name.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
