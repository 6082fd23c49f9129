//! Reads pictures and prints a line of JSON for each: `read IMAGE...`.

use serde_json::json;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut engine = reading::engine::Engine::new(None)?;
    for image in std::env::args_os().skip(1).map(PathBuf::from) {
        let started = Instant::now();
        let reading = reading::read::read(&mut engine, &std::fs::read(&image)?, &mut |_| {})?;
        let seconds = started.elapsed().as_secs_f32();
        println!(
            "{}",
            json!({ "file": image.file_name().map(|name| name.to_string_lossy()), "seconds": seconds, "cheque": reading.cheque })
        );
    }
    Ok(())
}
