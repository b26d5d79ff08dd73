//! Generated code for `skep:skill@0.1.0`, and nothing else.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit/skill.wit",
    world: "skill",
    exports: { default: async },
});
