//! Invariants that hold for any words from the engine.

use super::{Parsed, cheque};
use crate::word::{Pass, Place, Word};
use contracts::cheque::ChequeStatus;
use contracts::money::BillMoney;
use proptest::prelude::*;

/// Words of slips and noise: figures, units, total words, symbols, any letters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}[.,][0-9]{2}",
        "-?[0-9]{1,9}",
        "[0-9]{1,2}[xх*@][0-9]{1,3}[.,][0-9]{1,3}(л|шт|kg)?",
        prop::sample::select(vec![
            "Итого",
            "к",
            "оплате",
            "TOTAL",
            "Summe",
            "EUR",
            "RM",
            "GST",
            "Наименование",
            "Кол-во",
            "Сумма",
            "Qty",
            "Amount",
            "Скидка",
            "Rounding",
            "Change",
            "Cash",
            "Гость",
            "x",
            "=",
            "%",
            "-",
            "порц",
            "Subtotal",
            "Борщ",
        ])
        .prop_map(str::to_owned),
        "\\PC{1,12}",
    ]
}

fn word() -> impl Strategy<Value = Word> {
    let edges = (-50..3000_i16, -50..3000_i16, -5..400_i16, -5..80_i16);
    (text(), edges, 0..=100_u8, 0..40_u32).prop_map(|(text, (left, top, width, height), sure, line)| {
        let (left, top) = (f32::from(left), f32::from(top));
        let place = Place { left, top, right: left + f32::from(width), bottom: top + f32::from(height) };
        Word { text, confidence: f32::from(sure) / 100.0, place, line }
    })
}

/// Words in rows, as on a slip, with every third row broken.
fn slip() -> impl Strategy<Value = Vec<Word>> {
    prop::collection::vec((prop::collection::vec(text(), 1..6), any::<u8>()), 1..25).prop_map(|rows| {
        let rows = (0_u16..).zip(rows);
        rows.flat_map(|(number, (texts, shift))| {
            (0_u16..).zip(texts).map(move |(column, text)| {
                let left = f32::from(column) * 160.0 + f32::from(shift % 3) * 7.0;
                let top = f32::from(number) * 30.0;
                let width = f32::from(u16::try_from(text.chars().count()).unwrap_or(9)) * 10.0;
                let place = Place { left, top, right: left + width, bottom: top + 18.0 };
                Word { text, confidence: 0.9, place, line: u32::from(number) }
            })
        })
        .collect()
    })
}

fn assert_sound(parsed: &Parsed) {
    let cheque = &parsed.cheque;
    assert!(cheque.products.len() <= 200);
    assert_eq!(parsed.places.len(), cheque.products.len());
    let ids = cheque.products.iter().map(|product| product.id);
    assert!(ids.eq(1..=u32::try_from(cheque.products.len()).unwrap()));
    let sums = cheque.products.iter().flat_map(|product| [product.total, product.price]);
    let parts = [cheque.total_account, cheque.service, cheque.discount, cheque.tax, cheque.tip, cheque.rounding];
    for money in sums.chain(parts).flatten() {
        assert!(money.thousandths().abs() < 10_000_000_000_000_000, "{money}");
    }
    assert!(cheque.totals.len() <= 5 && parsed.total_places.len() == cheque.totals.len());
    assert!(cheque.totals.is_empty() || cheque.totals.first().map(|total| total.amount) == cheque.total_account);
    assert!(cheque.discount.is_none_or(|discount| discount.thousandths() > 0));
    for confidence in cheque
        .products
        .iter()
        .map(|product| product.confidence)
        .chain([cheque.confidence])
        .chain(cheque.totals.iter().map(|total| total.confidence))
    {
        assert!((0.0..=1.0).contains(&confidence));
    }
    if cheque.status == ChequeStatus::Balanced {
        assert_eq!(cheque.sum_of_parts(), cheque.total_account);
        assert!(cheque.total_account > Some(BillMoney::ZERO) && cheque.totals.is_empty());
    }
    assert!(!parsed.sure || cheque.status == ChequeStatus::Balanced);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn scattered_words_give_a_sound_cheque(passes in prop::collection::vec(prop::collection::vec(word(), 0..60), 0..4)) {
        let passes: Vec<Pass> = passes.into_iter().map(|words| Pass { name: "any", words }).collect();
        assert_sound(&cheque(&passes));
    }

    #[test]
    fn rows_of_figures_give_a_sound_cheque(first in slip(), second in slip()) {
        let passes = [Pass { name: "one", words: first }, Pass { name: "two", words: second }];
        assert_sound(&cheque(&passes[..1]));
        assert_sound(&cheque(&passes));
    }
}

#[test]
fn no_words_are_a_failed_cheque() {
    let parsed = cheque(&[Pass { name: "any", words: vec![] }]);
    assert_eq!((parsed.cheque.status, parsed.sure), (ChequeStatus::Failed, false));
}
