//! Sends HTTP requests to the places that were granted.

mod exchange;
mod fetch;
mod url;

mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package skep-plugins:http-fetch;
            world fetch {
                import wasi:http/outgoing-handler@0.2.12;
            }
        ",
        generate_all,
    });
}

skep::skill!(fetch::fetch);
