//! skep-tidy
