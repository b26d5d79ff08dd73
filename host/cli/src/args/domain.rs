//! What people type about domains.

use clap::Subcommand;
use skep_core::DomainName;

#[derive(Debug, Subcommand)]
pub(crate) enum DomainCommand {
    /// Open a domain on every host: a bulkhead with skills, secrets, keys and queues of its own
    Add {
        /// Its name
        name: DomainName,
    },
    /// List the domains
    List,
    /// Remove a domain that has no skills, secrets or keys
    Remove {
        /// Its name
        name: DomainName,
    },
}
