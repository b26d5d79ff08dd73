//! The files of the machine as a guest sees them: what is granted works, nothing else does, nothing hangs.

mod check;
mod guest;
mod paths;
mod single;
mod special;
mod streams;
mod tree;
mod view;
