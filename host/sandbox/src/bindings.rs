//! Generated code for `skep:skill@0.1.0` and the interfaces it names, and nothing else.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "skep:skill/skill",
    exports: { default: async },
});
