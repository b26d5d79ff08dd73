//! skep-sandbox
