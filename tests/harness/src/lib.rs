//! What tests stand on: private servers, built guests, bounded waits.
//!
//! Every server listens on a loopback port of its own, keeps its files in a temporary directory,
//! and ends with the value that started it, or with the test process if that is killed.

mod error;
mod mariadb;
mod mariadb_template;
mod paths;
mod port;
mod process;
mod program;
mod redis;
mod request;
mod wait;

pub use error::HarnessError;
pub use mariadb::MariaDb;
pub use paths::{guest, repository, skill_folder};
pub use port::free_port;
pub use process::Process;
pub use redis::Redis;
pub use request::read_request;
pub use wait::{eventually, eventually_blocking};
