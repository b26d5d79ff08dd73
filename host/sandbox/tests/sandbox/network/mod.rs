//! HTTP from a guest: what is granted works, and no spelling, name or answer leads anywhere else.

mod bounds;
mod forbidden;
mod place;
mod rules;
mod scene;
mod served;
