//! Draws bills whose contents are known: `bills FOLDER COUNT [SEED]` writes pictures and their truth, in the form that
//! `cargo xtask receipts` measures. The same seed gives the same bills.

mod bill;
mod chance;
mod picture;
mod words;

use bill::{Bill, bill};
use chance::Chance;
use picture::{FAULTS, drawn, faulty};
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: bills FOLDER COUNT [SEED]";
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or(usage)?);
    let count: u64 = arguments.next().ok_or(usage)?.parse()?;
    let first: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    fs::create_dir_all(folder.join("images"))?;
    let mut receipts = vec![];
    for seed in first..first + count {
        let mut bill = bill(seed);
        let mut chance = Chance::new(!seed);
        let fault = *chance.pick(&FAULTS);
        bill.kinds.push(format!("fault {fault}"));
        let file = format!("generated_{seed:05}.png");
        faulty(&drawn(&bill.rows), fault, &mut chance).save(folder.join("images").join(&file))?;
        receipts.push(truth(&bill, &file));
    }
    fs::write(folder.join("ground_truth.json"), serde_json::to_vec_pretty(&json!({ "receipts": receipts }))?)?;
    Ok(())
}

fn truth(bill: &Bill, file: &str) -> Value {
    let items = bill.items.iter().map(|item| {
        let (price, total) = (major(item.price), major(item.total));
        json!({ "name": item.name, "qty": item.quantity, "price": price, "total": total })
    });
    let items = bill.total.map(|_| items.collect::<Vec<Value>>());
    json!({ "file": file, "total": bill.total.map(major), "items": items, "kinds": bill.kinds })
}

#[expect(clippy::cast_precision_loss, reason = "amounts of bills are small")]
fn major(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}
