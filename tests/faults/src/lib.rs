//! The fault driver: three hosts, a Redis, a MariaDB and the networks between them, all of which fail by a
//! seed; and a ledger outside the system that judges what came of it.

pub mod books;
pub mod calls;
pub mod clock;
pub mod effects;
pub mod fleet;
pub mod host;
pub mod judge;
pub mod ledger;
pub mod life;
pub mod load;
pub mod orders;
pub mod pace;
pub mod proxy;
pub mod rest;
pub mod scenario;
pub mod verdict;
