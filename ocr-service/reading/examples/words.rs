//! Writes the words recognised by every pass over the given pictures as JSON: `words OUTDIR IMAGE...`.

use serde_json::json;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: words OUTDIR IMAGE...")?;
    let mut engine = reading::engine::Engine::new(None)?;
    for image in arguments {
        let started = Instant::now();
        let passes = reading::read::passes(&mut engine, &std::fs::read(&image)?)?;
        let passes: Vec<_> = passes.iter().map(pass).collect();
        let name = image.file_stem().unwrap_or_default();
        std::fs::write(target(&folder, name.as_ref()), serde_json::to_vec(&passes)?)?;
        println!("{} {:.1} s", image.display(), started.elapsed().as_secs_f32());
    }
    Ok(())
}

fn target(folder: &Path, name: &Path) -> PathBuf {
    folder.join(name).with_extension("json")
}

fn pass(pass: &reading::word::Pass) -> serde_json::Value {
    let word = |word: &reading::word::Word| {
        let place = word.place;
        json!({
            "text": word.text, "confidence": word.confidence, "line": word.line,
            "left": place.left, "top": place.top, "right": place.right, "bottom": place.bottom,
        })
    };
    json!({ "name": pass.name, "words": pass.words.iter().map(word).collect::<Vec<_>>() })
}
