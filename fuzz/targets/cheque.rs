//! Fuzzes the parser of recognised text: any words at any positions give a cheque with the documented properties.
//!
//! The input is text: its lines are lines of the page, its columns are columns, and a form feed starts another pass.

#![no_main]

use contracts::cheque::{Cheque, ChequeStatus};
use libfuzzer_sys::fuzz_target;
use reading::parse;
use reading::word::{Pass, Place, Word};

/// Size of a column and of a line, in pixels.
const WIDTH: f32 = 12.0;
const HEIGHT: f32 = 30.0;

fuzz_target!(|text: &str| {
    let passes: Vec<Pass> = text.split('\u{c}').take(4).map(pass).collect();
    let parsed = parse::cheque(&passes);
    let cheque = parsed.cheque;
    assert_eq!(parsed.places.len(), cheque.products.len());
    assert!((0.0..=1.0).contains(&cheque.confidence), "{}", cheque.confidence);
    assert!(cheque.products.iter().all(|product| (0.0..=1.0).contains(&product.confidence)));
    if cheque.status == ChequeStatus::Balanced {
        assert_eq!(cheque.sum_of_parts(), cheque.total_account);
    }
    let json = serde_json::to_string(&cheque).expect("a cheque is JSON");
    assert_eq!(serde_json::from_str::<Cheque>(&json).expect("what was written can be read"), cheque);
});

fn pass(page: &str) -> Pass {
    let words = page.lines().zip(0_u16..).flat_map(|(line, at)| words(line, at)).collect();
    Pass { name: "fuzzed", words }
}

fn words(line: &str, at: u16) -> Vec<Word> {
    let mut words = vec![];
    let mut column = 0_u16;
    for part in line.split(' ') {
        let columns = u16::try_from(part.chars().count()).unwrap_or(u16::MAX);
        let (left, top) = (f32::from(column) * WIDTH, f32::from(at) * HEIGHT);
        let place = Place { left, top, right: left + f32::from(columns) * WIDTH, bottom: top + HEIGHT * 0.8 };
        if !part.is_empty() {
            words.push(Word { text: part.to_owned(), confidence: 0.9, place, line: u32::from(at) });
        }
        column = column.saturating_add(columns).saturating_add(1);
    }
    words
}
