//! Amounts of bills in columns. A column has hundredths, as releases before thousandths wrote them. An amount with a third
//! decimal has, in a further column, its value in thousandths, which counts then.

use contracts::money::BillMoney;

/// The two columns of an amount: hundredths, without the third decimal, and thousandths if there is one.
pub(super) fn columns(amount: BillMoney) -> (i64, Option<i64>) {
    let thousandths = amount.thousandths();
    (thousandths / 10, (thousandths % 10 != 0).then_some(thousandths))
}

/// The amount of the two columns.
pub(super) fn amount(hundredths: i64, thousandths: Option<i64>) -> BillMoney {
    thousandths.map_or(BillMoney::from_hundredths(hundredths), BillMoney::from_thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_amount_with_a_third_decimal_needs_the_second_column() {
        let stored = |thousandths| columns(BillMoney::from_thousandths(thousandths));
        assert_eq!(
            [1_230, 1_234, 4, -1_234].map(stored),
            [(123, None), (123, Some(1_234)), (0, Some(4)), (-123, Some(-1_234))]
        );
        for thousandths in [0, 1, 10, 1_234, -7, -1_230] {
            let (hundredths, exact) = stored(thousandths);
            assert_eq!(amount(hundredths, exact).thousandths(), thousandths);
        }
    }
}
