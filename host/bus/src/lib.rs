//! skep-bus
