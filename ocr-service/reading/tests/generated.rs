//! Generated bills, also with misread letters: a bill is never called balanced when its total or a line is wrong.

#[path = "../examples/bills/bill.rs"]
mod bill;
#[path = "../examples/bills/chance.rs"]
mod chance;
#[path = "../examples/bills/words.rs"]
mod words;

use bill::{Bill, bill};
use chance::Chance;
use contracts::cheque::{Cheque, ChequeStatus};
use contracts::money::BillMoney;
use reading::parse;
use reading::word::{Pass, Place, Word};

const BILLS: u64 = 250;
/// Pixels per letter and row.
const LETTER: i64 = 10;
const ROW: i64 = 30;

/// The words of a bill as a pass sees it that misreads one of `quality` letters.
fn pass(bill: &Bill, quality: i64, chance: &mut Chance) -> Pass {
    let mut words = vec![];
    for (number, row) in (0_u32..).zip(&bill.rows) {
        let mut column = 0;
        for part in row.split(' ') {
            let length = i64::try_from(part.chars().count()).expect("a short part");
            if !part.is_empty() {
                let text: String = part.chars().map(|letter| misread(letter, quality, chance)).collect();
                let (left, top) = (pixels(column * LETTER), pixels(i64::from(number) * ROW));
                let place = Place { left, top, right: left + pixels(length * LETTER - 1), bottom: top + 18.0 };
                words.push(Word { text, confidence: 0.9, place, line: number });
            }
            column += length + 1;
        }
    }
    Pass { name: "generated", words }
}

fn pixels(count: i64) -> f32 {
    f32::from(u16::try_from(count).expect("a small count"))
}

fn misread(letter: char, quality: i64, chance: &mut Chance) -> char {
    const ALIKE: [&str; 9] = ["0689", "17l", "38З", "56S", "27", "14", "58", "о0O", "еc"];
    if quality == 0 || !chance.one_in(quality) {
        return letter;
    }
    let groups: Vec<&&str> = ALIKE.iter().filter(|group| group.contains(letter)).collect();
    if groups.is_empty() {
        return letter;
    }
    let group: Vec<char> = chance.pick(&groups).chars().collect();
    *chance.pick(&group)
}

fn is_right(cheque: &Cheque, bill: &Bill) -> bool {
    let sorted = |mut sums: Vec<i64>| {
        sums.sort_unstable();
        sums
    };
    let read = sorted(cheque.products.iter().map(|line| line.total.map_or(0, BillMoney::thousandths)).collect());
    let truth = sorted(bill.items.iter().map(|item| item.total).collect());
    cheque.total_account.map(BillMoney::thousandths) == bill.total && read == truth
}

#[test]
fn a_bill_is_never_balanced_and_wrong() {
    let mut balanced = 0;
    for seed in 0..BILLS {
        let bill = bill(seed);
        let mut chance = Chance::new(seed.wrapping_mul(31));
        for quality in [0, 40, 15] {
            let passes: Vec<Pass> = (0..3).map(|_| pass(&bill, quality, &mut chance)).collect();
            for count in 1..=passes.len() {
                let cheque = parse::cheque(&passes[..count]).cheque;
                if cheque.status == ChequeStatus::Balanced {
                    balanced += 1;
                    assert!(
                        is_right(&cheque, &bill),
                        "seed {seed}, {count} passes: {cheque:#?}\n{}",
                        bill.rows.join("\n")
                    );
                }
            }
        }
    }
    assert!(balanced > BILLS, "only {balanced} were balanced");
}

#[test]
fn clean_print_is_read() {
    let (mut totals, mut all) = (0, 0);
    let mut lost = vec![];
    for seed in 0..BILLS {
        let bill = bill(seed);
        let Some(total) = bill.total else { continue };
        let pass = pass(&bill, 0, &mut Chance::new(seed));
        let cheque = parse::cheque(&[pass.clone(), pass]).cheque;
        all += 1;
        if cheque.total_account.map(BillMoney::thousandths) == Some(total) {
            totals += 1;
        } else {
            lost.push(format!("{seed} {:?}: {:?}", bill.kinds, cheque.total_account));
        }
    }
    assert!(totals * 100 >= all * 95, "{totals} of {all} totals; lost:\n{}", lost.join("\n"));
}

#[test]
fn a_seed_gives_the_same_bill() {
    assert_eq!(format!("{:?}", bill(7)), format!("{:?}", bill(7)));
    assert_ne!(format!("{:?}", bill(7)), format!("{:?}", bill(8)));
}
