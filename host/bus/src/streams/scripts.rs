//! The scripts: what must happen in Redis in one step. See the `.lua` files.

use redis::{Cmd, Script, ToRedisArgs, cmd};
use skep_core::CALL_DEPTH_MAX;
use std::sync::LazyLock;

/// Admission obeys Redis's memory limit; everything else goes on, since it is what frees memory.
const ADMIT: &str = "#!lua";
const ALWAYS: &str = "#!lua flags=allow-oom";

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $flags:ident $file:literal;)*) => {
        $(
            $(#[$doc])*
            pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
                let depths = format!("local DEPTH_MAX = {CALL_DEPTH_MAX}");
                Script::new(&[$flags, &depths, include_str!("lua/prelude.lua"), include_str!($file)].join("\n"))
            });
        )*

        /// All scripts, for loading them into a Redis that doesn't know them.
        pub(super) fn all() -> impl Iterator<Item = &'static Script> {
            [$(&$name),*].into_iter().map(|script| &**script)
        }
    };
}

scripts! {
    SEND = ADMIT "lua/send.lua";
    SETTLE = ALWAYS "lua/settle.lua";
    CANCEL = ALWAYS "lua/cancel.lua";
    TAKE = ALWAYS "lua/take.lua";
    TELL = ALWAYS "lua/tell.lua";
    AUDIT = ALWAYS "lua/audit.lua";
    LEASE = ALWAYS "lua/lease.lua";
    CLAIM = ALWAYS "lua/claim.lua";
    INHERIT = ALWAYS "lua/inherit.lua";
    GROUPS = ALWAYS "lua/groups.lua";
    BACKLOG = ALWAYS "lua/backlog.lua";
    BREAKER = ALWAYS "lua/breaker.lua";
    LEAVE = ALWAYS "lua/leave.lua";
    STATE = ADMIT "lua/state.lua";
    /// The same for what frees memory.
    STATE_FREE = ALWAYS "lua/state.lua";
    CACHE = ALWAYS "lua/cache.lua";
    /// The same for what takes memory.
    CACHE_FILL = ADMIT "lua/cache.lua";
}

/// The command that runs a script on the domain of this prefix; arguments are added to it.
pub(super) fn run(script: &Script, prefix: &str) -> Cmd {
    let mut command = cmd("EVALSHA");
    command.arg(script.get_hash()).arg(1).arg(prefix);
    command
}

/// Adds arguments of any kind to a command.
pub(super) trait Args {
    fn args<A: ToRedisArgs>(self, arguments: impl IntoIterator<Item = A>) -> Self;
}

impl Args for Cmd {
    fn args<A: ToRedisArgs>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            self.arg(argument);
        }
        self
    }
}
