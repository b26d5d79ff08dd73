//! The cases: each a name for the table, and what must hold.

mod calls;
mod host;
mod limits;
mod lives;
mod shapes;
mod skills;
mod state;

use crate::fixture::Fixture;
use futures::future::LocalBoxFuture;

/// One row of the table.
pub struct Case {
    pub name: &'static str,
    pub run: for<'a> fn(&'a Fixture) -> LocalBoxFuture<'a, ()>,
}

/// The row that languages without 64-bit integers can't meet.
pub const BIG_NUMBERS: &str = "typed: integers up to 2^64";
/// The row that languages without command-line programs can't meet.
pub const COMMAND: &str = "a command: arguments, input, files, exit code";

macro_rules! cases {
    ($($name:expr => $case:path;)*) => {
        /// All rows, in the order of the table.
        pub const ALL: &[Case] = &[$(Case { name: $name, run: |fixture| Box::pin($case(fixture)) }),*];
    };
}

cases! {
    "JSON of any form in and out" => calls::json_passes;
    "schemas and descriptions of its tools" => calls::tools_describe_themselves;
    "schemas guard it from wrong input" => calls::wrong_input_is_refused;
    "its failures and refusals have their codes" => calls::failures_have_codes;
    "a defect ends the call alone" => calls::a_defect_ends_the_call_alone;
    "files: granted ones only" => host::files;
    "configuration: default and override" => host::configuration;
    "environment: granted variables only" => host::environment;
    "time and random numbers" => host::time_and_random;
    "logs with levels, and printed lines" => host::logs;
    "the call's context" => host::context;
    "state: hot" => state::hot;
    "state: durable" => state::durable;
    "state: as often as a session asks" => state::often;
    "state is each skill's own" => state::own;
    "calls another skill, if granted" => skills::calls;
    "finds skills by capability" => skills::finds;
    "passes on who asked" => skills::passes_on_who_asked;
    "progress" => lives::progress;
    "hears of cancellation" => lives::cancellation;
    "fresh instances" => lives::fresh;
    "sessions" => lives::sessions;
    "limit: processor time" => limits::cpu;
    "limit: memory" => limits::memory;
    "limit: output" => limits::output;
    "limit: the caller's time" => limits::deadline;
    "typed: records, variants, options, bytes" => shapes::typed;
    BIG_NUMBERS => shapes::big_numbers;
    "typed: descriptions from WIT comments" => shapes::typed_descriptions;
    COMMAND => shapes::command;
}
