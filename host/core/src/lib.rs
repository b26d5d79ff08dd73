//! skep-core
