//! skep-router
