//! skep-registry
