//! Share links, joint splitting of a cheque, settlement.
