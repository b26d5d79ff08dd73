//! What wit-bindgen makes of the contract between a skill and its host.
#![allow(missing_docs)]

wit_bindgen::generate!({
    path: "../wit",
    world: "skep:skill/skill",
    generate_all,
    pub_export_macro: true,
});
