//! Share links, joint splitting of a cheque, settlement.

pub mod domain;
