//! A skill that tries things and reports exactly what happened, as JSON. What the sandbox allows or refuses
//! is the answer, so an attempt that fails is still a call that succeeds.

mod burn;
mod call;
mod endless;
mod fetch;
mod fs;
mod input;
mod net;
mod process;
mod skills;
mod state;
mod tools;

use exports::skep::skill::tools::{Error, Guest, Tool};

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package skep-tests:probe;
        world probe {
            include skep:skill/skill@0.1.0;
            import wasi:config/store@0.2.0-rc.1;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:keyvalue/batch@0.2.0-draft;
            import wasi:http/outgoing-handler@0.2.12;
            import wasi:random/random@0.2.12;
            import wasi:sockets/instance-network@0.2.12;
            import wasi:sockets/ip-name-lookup@0.2.12;
            import wasi:sockets/tcp-create-socket@0.2.12;
            import wasi:sockets/udp-create-socket@0.2.12;
        }
    ",
    generate_all,
});

struct Probe;

impl Guest for Probe {
    fn list_tools() -> Vec<Tool> {
        tools::ALL.iter().map(tools::Probe::describe).collect()
    }

    fn call_tool(name: String, input: String) -> Result<String, Error> {
        let probe = tools::ALL
            .iter()
            .find(|probe| probe.name == name)
            .ok_or_else(|| Error::InvalidInput(format!("no tool {name}")))?;
        let input = serde_json::from_str(&input).map_err(|e| Error::InvalidInput(e.to_string()))?;
        (probe.run)(&input).map(|report| report.to_string())
    }
}

export!(Probe);
