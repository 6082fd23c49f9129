//! The currency of the accounts.

use std::str::FromStr;

/// Currencies in use whose amounts have two decimals, as all amounts of this system have.
///
/// Source: ISO 4217, list one; without precious metals, funds and codes for tests.
const CODES: &str = "\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE \
    CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR \
    KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB \
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY \
    TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// The code of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(&'static str);

impl Currency {
    /// The code.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// The text is not the code of such a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be three capital letters, as in RUB: a code of ISO 4217 for a currency with two decimals")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        CODES.split(' ').find(|code| *code == text).map(Self).ok_or(UnknownCurrency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_currencies_with_two_decimals_are_accepted() {
        for code in ["RUB", "EUR", "USD", "AED", "ZWG"] {
            assert_eq!(code.parse(), Ok(Currency(code)));
        }
        for text in ["", " ", "rub", "RU", "RUB ", "RUBLE", "JPY", "KWD", "XXX", "RUB EUR"] {
            assert_eq!(text.parse::<Currency>(), Err(UnknownCurrency), "{text}");
        }
        assert!(CODES.split(' ').all(|code| code.len() == 3));
    }
}
