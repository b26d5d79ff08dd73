//! What a component imports: what it wants, in plain words, and whether there is any of it.

use super::Import;
use super::names::{Name, quote};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentInstanceType};
use wasmparser::types::TypesRef;

/// Versions that are served of a package.
enum Versions {
    /// All releases of a series: `(0, 2)`.
    Series((u64, u64)),
    /// One pre-release.
    Exactly(&'static str),
}

/// What is served of one package.
struct Served {
    package: &'static str,
    versions: Versions,
    interfaces: &'static [&'static str],
    wants: &'static str,
}

const WASI: Versions = Versions::Series((0, 2));
const CONTRACT: Versions = Versions::Series((0, 1));

const SERVED: &[Served] = &[
    Served {
        package: "wasi:cli",
        versions: WASI,
        interfaces: &["environment"],
        wants: "read environment variables (only those that are granted)",
    },
    Served {
        package: "wasi:cli",
        versions: WASI,
        interfaces: &[
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
        wants: "standard streams (output goes to the log), and exit",
    },
    Served {
        package: "wasi:clocks",
        versions: WASI,
        interfaces: &["wall-clock", "monotonic-clock"],
        wants: "know the time",
    },
    Served {
        package: "wasi:random",
        versions: WASI,
        interfaces: &["random", "insecure", "insecure-seed"],
        wants: "random numbers",
    },
    Served {
        package: "wasi:io",
        versions: WASI,
        interfaces: &["error", "poll", "streams"],
        wants: "streams, and waiting for them",
    },
    Served {
        package: "wasi:filesystem",
        versions: WASI,
        interfaces: &["types", "preopens"],
        wants: "files and directories (only those that are granted)",
    },
    Served {
        package: "wasi:http",
        versions: WASI,
        interfaces: &["types", "outgoing-handler"],
        wants: "outgoing HTTP (only where it is granted)",
    },
    Served {
        package: "wasi:sockets",
        versions: WASI,
        interfaces: &[
            "network",
            "instance-network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
            "ip-name-lookup",
        ],
        wants: "sockets (always denied)",
    },
    Served {
        package: "wasi:config",
        versions: Versions::Exactly("0.2.0-rc.1"),
        interfaces: &["store"],
        wants: "its configuration",
    },
    Served {
        package: "wasi:logging",
        versions: Versions::Exactly("0.1.0-draft"),
        interfaces: &["logging"],
        wants: "log",
    },
    Served {
        package: "wasi:keyvalue",
        versions: Versions::Exactly("0.2.0-draft"),
        interfaces: &["store", "atomics", "batch"],
        wants: "keep state between calls (its own)",
    },
    Served {
        package: "skep:skill",
        versions: CONTRACT,
        interfaces: &["context"],
        wants: "know its call, and report progress",
    },
    Served {
        package: "skep:skill",
        versions: CONTRACT,
        interfaces: &["state"],
        wants: "keep state between calls (its own)",
    },
    Served {
        package: "skep:skill",
        versions: CONTRACT,
        interfaces: &["skills"],
        wants: "call other skills (only those that are granted)",
    },
    Served {
        package: "skep:skill",
        versions: CONTRACT,
        interfaces: &["secrets"],
        wants: "use secrets that it never sees (only those that are granted)",
    },
];

/// Reads the imports, and names each that the host doesn't have.
pub(super) fn read(types: TypesRef<'_>, names: &[&str]) -> (Vec<Import>, Vec<String>) {
    let (mut imports, mut refusals) = (Vec::new(), Vec::new());
    for name in names {
        let Some(item) = types.component_item_for_import(name) else { continue };
        let wanted = match item.ty {
            ComponentEntityType::Instance(id) => needs_host(&types[id]),
            ComponentEntityType::Type { created, .. } => is_resource(created),
            _ => true,
        };
        // Types alone need nobody to serve them.
        if wanted {
            let served = served(Name::new(name));
            let wants = served.map_or("what this host doesn't have", |served| served.wants).to_owned();
            imports.push(Import { name: (*name).to_owned(), wants, served: served.is_some() });
            refusals.extend(served.is_none().then(|| refusal(name)));
        }
    }
    (imports, refusals)
}

fn needs_host(instance: &ComponentInstanceType) -> bool {
    instance.exports.values().any(|item| match item.ty {
        ComponentEntityType::Type { created, .. } => is_resource(created),
        _ => true,
    })
}

fn is_resource(ty: ComponentAnyTypeId) -> bool {
    matches!(ty, ComponentAnyTypeId::Resource(_))
}

fn served(name: Name<'_>) -> Option<&'static Served> {
    SERVED.iter().find(|served| {
        served.package == name.package
            && served.interfaces.contains(&name.interface)
            && served.versions.has(name)
    })
}

fn refusal(full: &str) -> String {
    let name = Name::new(full);
    if name.package.starts_with("wasi:") && name.is_of((0, 3)) {
        let quoted = quote(full);
        return format!("it imports {quoted} of WASI 0.3, which Skep does not serve yet: build for WASI 0.2");
    }
    format!("it imports {}, which Skep does not serve", quote(full))
}

impl Versions {
    fn has(&self, name: Name<'_>) -> bool {
        match self {
            Self::Series(series) => name.is_of(*series),
            Self::Exactly(version) => name.version == *version,
        }
    }
}
