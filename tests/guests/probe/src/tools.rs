//! All probes: name, what is tried, the properties of the input, and the code.

use serde_json::{Map, Value, json};

use crate::{
    burn, call, endless,
    exports::skep::skill::tools::{Error, Tool},
    fetch, fs, net, process, skills, state,
};

pub struct Probe {
    pub name: &'static str,
    description: &'static str,
    /// `name: type`, a `?` after the name where it may be left out.
    properties: &'static [(&'static str, &'static str)],
    pub run: fn(&Value) -> Result<Value, Error>,
}

const fn probe(
    name: &'static str,
    description: &'static str,
    properties: &'static [(&'static str, &'static str)],
    run: fn(&Value) -> Result<Value, Error>,
) -> Probe {
    Probe { name, description, properties, run }
}

const STRING: &str = "string";
const INTEGER: &str = "integer";

pub const ALL: &[Probe] = &[
    probe(
        "fs",
        "One file operation",
        &[("op", STRING), ("path", STRING), ("to?", STRING), ("data?", STRING), ("len?", INTEGER)],
        fs::run,
    ),
    probe("env", "The environment variables", &[], process::env),
    probe("args", "The arguments", &[], process::args),
    probe("stdin", "All of standard input", &[], process::stdin),
    probe("exit", "Exits with success (0) or failure", &[("code", INTEGER)], process::exit),
    probe("panic", "Panics", &[("message?", STRING)], process::panic),
    probe(
        "log",
        "Writes lines of so many bytes",
        &[("lines", INTEGER), ("bytes", INTEGER), ("stream?", STRING)],
        process::log,
    ),
    probe(
        "say",
        "Logs a message with a level and a context",
        &[("level", STRING), ("context", STRING), ("message", STRING), ("times?", INTEGER)],
        call::say,
    ),
    probe("counter", "Counts the calls of this instance", &[], process::counter),
    probe("config", "One configuration value, or all without a key", &[("key?", STRING)], call::config),
    probe("context", "What the host tells of this call", &[], call::context),
    probe(
        "progress",
        "Reports so many steps, waiting between them",
        &[("steps", INTEGER), ("ms?", INTEGER)],
        call::progress,
    ),
    probe("wait_cancel", "Polls until the call is cancelled", &[("ms_max", INTEGER)], call::wait_cancel),
    probe("sleep", "Sleeps", &[("ms", INTEGER)], call::sleep),
    probe("spin", "Loops for ever", &[], burn::spin),
    probe("alloc", "Takes memory, a MiB at a time", &[("mib", INTEGER)], burn::alloc),
    probe("recurse", "Calls itself for ever", &[], burn::recurse),
    probe("output", "Answers with so many bytes", &[("bytes", INTEGER)], burn::output),
    probe("random", "Asks for random bytes in one request", &[("bytes", INTEGER)], burn::random),
    probe(
        "state",
        "One operation on a bucket; with bytes, the value is so many of them",
        &[
            ("op", STRING),
            ("bucket", STRING),
            ("key?", STRING),
            ("value?", STRING),
            ("bytes?", INTEGER),
            ("expected?", STRING),
            ("delta?", INTEGER),
        ],
        state::run,
    ),
    probe(
        "state_many",
        "One operation on so many keys k0, k1, …",
        &[("op", STRING), ("bucket", STRING), ("keys", INTEGER), ("bytes?", INTEGER)],
        state::many,
    ),
    probe("buckets", "Opens so many buckets and keeps them", &[("count", INTEGER)], state::open_many),
    probe(
        "call",
        "Calls another skill",
        &[("skill", STRING), ("tool?", STRING), ("input", STRING)],
        skills::call,
    ),
    probe("find", "Looks for skills", &[("capability", STRING)], skills::find),
    probe("endless", "Asks the host the same for ever", &[("what", STRING)], endless::run),
    probe("http", "Sends a GET request", &[("url", STRING)], net::http),
    probe(
        "fetch",
        "Sends a request, reads the whole answer",
        &[
            ("url", STRING),
            ("method?", STRING),
            ("headers?", "object"),
            ("body?", STRING),
            ("fill?", INTEGER),
        ],
        fetch::fetch,
    ),
    probe("flood", "Opens many requests at once", &[("url", STRING), ("many", INTEGER)], fetch::flood),
    probe("tcp", "Connects to an IPv4 address", &[("address", STRING)], net::tcp),
    probe("udp", "Makes a UDP socket", &[], net::udp),
    probe("resolve", "Looks a host name up", &[("name", STRING)], net::resolve),
];

impl Probe {
    pub fn describe(&self) -> Tool {
        Tool {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            input_schema: self.schema().to_string(),
            output_schema: None,
        }
    }

    fn schema(&self) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, kind) in self.properties {
            let bare = name.trim_end_matches('?');
            if bare == *name {
                required.push(bare);
            }
            properties.insert(bare.to_owned(), json!({ "type": kind }));
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}
