//! Each home against the contract.

use std::sync::Arc;

use fakeai_store::contract::check;
use fakeai_store::{Limits, Memory};

#[test]
fn memory_keeps_the_contract() {
    check(&|| Arc::new(Memory::new(Limits::default())), 256);
}
