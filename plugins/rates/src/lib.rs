//! Converts amounts of money at today's rates, by an API whose key it never sees.

mod convert;
mod latest;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package skep-plugins:rates;
            world rates {
                import wasi:http/outgoing-handler@0.2.12;
            }
        ",
        generate_all,
    });
}

skep::skill!(convert::convert);
