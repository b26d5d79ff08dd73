//! Generated code for `skep:skill@0.1.0` and the interfaces it names, and nothing else.
#![allow(missing_docs, unreachable_pub, clippy::all)]

// The contract's world, and what a skill may import without its being part of the contract.
wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package skep:sandbox;
        world skill {
            include skep:skill/skill@0.1.0;
            import wasi:keyvalue/batch@0.2.0-draft;
        }
    ",
    imports: {
        "wasi:keyvalue": async | trappable,
        "skep:skill/state": async | trappable,
        "skep:skill/skills": async,
        "skep:skill/secrets": async,
    },
    exports: { default: async },
    with: { "wasi:keyvalue/store.bucket": skep_core::Bucket },
    trappable_error_type: { "wasi:keyvalue/store.error" => crate::guest::StateRefusal },
});
