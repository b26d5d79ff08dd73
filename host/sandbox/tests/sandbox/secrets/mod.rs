//! Secrets, through a real guest and real servers: where a value goes, where it doesn't, and what comes back.

mod answers;
mod echo;
mod places;
mod scene;
