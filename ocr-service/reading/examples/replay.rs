//! Parses words that `words` wrote, and compares with the truth: `replay WORDSDIR GROUND_TRUTH.json [PART] [-v]`. It takes
//! one look after another until the bill adds up, as the service does.

use contracts::cheque::{Cheque, ChequeStatus};
use contracts::money::BillMoney;
use reading::word::{Pass, Place, Word};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

#[derive(Default)]
struct Score {
    pictures: usize,
    totals: usize,
    proposed: usize,
    right: usize,
    extra: usize,
    missed: usize,
    balanced: usize,
    wrong: usize,
    looks: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|argument| argument == "-v");
    let mut paths = arguments.iter().filter(|argument| *argument != "-v");
    let (folder, truth) = (paths.next().ok_or("WORDSDIR")?, paths.next().ok_or("GROUND_TRUTH.json")?);
    let part = paths.next().map_or("", String::as_str);
    let truth: Value = serde_json::from_slice(&std::fs::read(truth)?)?;
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for receipt in truth["receipts"].as_array().ok_or("receipts")? {
        let file = receipt["file"].as_str().ok_or("file")?;
        let stem = file.split('.').next().unwrap_or(file);
        if !file.contains(part) {
            continue;
        }
        let path = PathBuf::from(folder).join(stem).with_extension("json");
        let passes: Vec<Value> = serde_json::from_slice(&std::fs::read(path)?)?;
        let passes: Vec<Pass> = passes.iter().map(pass).collect();
        let mut looks = 1;
        let mut parsed = reading::parse::cheque(&passes[..1]);
        while !parsed.sure && looks < passes.len() {
            looks += 1;
            parsed = reading::parse::cheque(&passes[..looks]);
        }
        let kind = file.split_once('_').map_or("drawn", |(kind, _)| kind).to_owned();
        let score = scores.entry(kind).or_default();
        score.looks += looks;
        compare(receipt, &parsed.cheque, score, verbose);
        if verbose && !part.is_empty() {
            println!("{}", serde_json::to_string_pretty(&parsed.cheque)?);
        }
    }
    for (kind, score) in &scores {
        let f1 = 200 * score.right / (2 * score.right + score.extra + score.missed).max(1);
        println!(
            "{kind:<8} pictures {:>3}  totals {:>3} (proposed {:>3})  right {:>4} extra {:>3} missed {:>3}  F1 .{f1:02}  balanced {:>3} wrong {}  looks {}",
            score.pictures,
            score.totals,
            score.proposed,
            score.right,
            score.extra,
            score.missed,
            score.balanced,
            score.wrong,
            score.looks
        );
    }
    Ok(())
}

fn sorted(sums: Vec<i64>) -> Vec<i64> {
    let mut sums: Vec<i64> = sums.into_iter().filter(|sum| *sum != 0).collect();
    sums.sort_unstable();
    sums
}

fn compare(receipt: &Value, cheque: &Cheque, score: &mut Score, verbose: bool) {
    let file = receipt["file"].as_str().unwrap_or_default();
    let expected = thousandths(&receipt["total"]);
    let got = cheque.total_account.map(BillMoney::thousandths);
    score.pictures += 1;
    let balanced = cheque.status == ChequeStatus::Balanced;
    score.balanced += usize::from(balanced);
    let mut wrong = false;
    if got == expected {
        score.totals += 1;
    } else {
        wrong = true;
        println!("{file}: total expected {expected:?}, got {got:?} {:?} {:?}", cheque.status, cheque.warnings);
    }
    let is_proposed = cheque.totals.iter().any(|total| Some(total.amount.thousandths()) == expected);
    score.proposed += usize::from(got == expected || is_proposed);
    let Some(items) = receipt["items"].as_array() else {
        score.wrong += usize::from(balanced && wrong);
        return;
    };
    let mut left: Vec<Option<i64>> =
        cheque.products.iter().map(|line| line.total.map(BillMoney::thousandths)).collect();
    let mut lost = vec![];
    for item in items {
        let total = thousandths(&item["total"]);
        let name = item["name"].as_str().unwrap_or_default();
        let at = cheque.products.iter().enumerate().position(|(at, line)| {
            left[at].is_some() && line.total.map(BillMoney::thousandths) == total && similar(&line.name, name)
        });
        if let Some(at) = at {
            left[at] = None;
            score.right += 1;
            let quantity = serde_json::to_string(&cheque.products[at].number_servings).unwrap_or_default();
            let wanted = item["qty"].as_f64().unwrap_or(1.0);
            if quantity.parse::<f64>().is_ok_and(|quantity| (quantity - wanted).abs() > 0.001) && verbose {
                println!("   {file}: {name}: quantity {quantity} for {wanted} {:?}", cheque.products[at].warnings);
            }
        } else if item["optional"].as_bool() != Some(true) {
            score.missed += 1;
            lost.push(format!("{name} {total:?}"));
        }
    }
    let truth = sorted(items.iter().filter_map(|item| thousandths(&item["total"])).collect());
    let read = cheque.products.iter().filter_map(|line| line.total).map(BillMoney::thousandths);
    wrong |= truth != sorted(read.collect());
    score.wrong += usize::from(balanced && wrong);
    if balanced && wrong {
        println!("{file}: BALANCED AND WRONG");
    }
    let extra: Vec<String> = cheque
        .products
        .iter()
        .zip(&left)
        .filter(|(_, left)| left.is_some_and(|left| left != 0))
        .map(|(line, left)| format!("{} {left:?}", line.name))
        .collect();
    score.extra += extra.len();
    if verbose && !(lost.is_empty() && extra.is_empty()) {
        println!("   {file}: missed {lost:?}\n      extra {extra:?}");
    }
}

fn similar(a: &str, b: &str) -> bool {
    let fold = |text: &str| -> String {
        let lower = text.to_lowercase();
        lower
            .chars()
            .filter(|c| c.is_alphanumeric())
            .map(|c| match c {
                'a' => 'а',
                'b' => 'в',
                'c' => 'с',
                'e' | 'ё' => 'е',
                'k' => 'к',
                'm' => 'м',
                'h' => 'н',
                'o' | '0' => 'о',
                'p' => 'р',
                't' => 'т',
                'x' => 'х',
                'y' => 'у',
                'u' => 'и',
                'n' => 'п',
                'r' => 'г',
                '3' => 'з',
                '6' => 'б',
                c => c,
            })
            .collect()
    };
    strsim::normalized_levenshtein(&fold(a), &fold(b)) >= 0.5
}

#[expect(clippy::cast_possible_truncation, reason = "amounts of bills")]
fn thousandths(value: &Value) -> Option<i64> {
    value.as_f64().map(|amount| (amount * 1000.0).round() as i64)
}

fn pass(json: &Value) -> Pass {
    let words = json["words"].as_array().map(Vec::as_slice).unwrap_or_default();
    Pass { name: "replayed", words: words.iter().filter_map(word).collect() }
}

#[expect(clippy::cast_possible_truncation, reason = "pixels")]
fn word(json: &Value) -> Option<Word> {
    let number = |name: &str| json[name].as_f64().map(|value| value as f32);
    let place =
        Place { left: number("left")?, top: number("top")?, right: number("right")?, bottom: number("bottom")? };
    let line = u32::try_from(json["line"].as_u64()?).ok()?;
    Some(Word { text: json["text"].as_str()?.to_owned(), confidence: number("confidence")?, place, line })
}
