//! Lists, reads, writes and searches the files that were granted.

mod list;
mod read;
mod scope;
mod search;
mod walk;
mod write;

skep::skill!(list::list, list::stat, read::read, write::write, search::search);

#[cfg(test)]
mod tests;
