//! skep
fn main() {}
