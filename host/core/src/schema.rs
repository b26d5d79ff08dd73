//! Schemas of what travels as text: each as exact as its parser.

use crate::{
    AskId, ByteSize, CallId, Digest, DomainName, FaultCode, GuestPath, Incarnation, JobId, KeyId, Pattern,
    Principal, Rate, SecretValue, SessionId, SkillName, SkillRef, Span, ToolName, Topic, TraceId,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A name of a skill or a domain.
const NAME: &str = "^[a-z][a-z0-9-]{0,62}$";
/// The same as a part of a topic, and what kinds there are.
const PART: &str = "[a-z][a-z0-9-]{0,62}";
const KIND: &str = "(call|progress|log|skill|grant|health)";
/// A UUID without hyphens, twice.
const SESSION: &str = "^[0-9a-f]{32}\\.[0-9a-f]{32}$";

/// The schema of a semantic version, for fields of a type that has none: `#[schema(value_type = VersionText)]`.
#[derive(Debug)]
pub struct VersionText;

/// A text that is described by words and a pattern.
pub(crate) fn text(description: &str, pattern: &str, example: &str) -> ObjectBuilder {
    let described = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    described.pattern(Some(pattern)).examples([example])
}

fn uuid(description: &str) -> ObjectBuilder {
    let format = SchemaFormat::Custom("uuid".to_owned());
    let described = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    described.format(Some(format)).examples(["01979f3e-6c1a-7b7e-8a4e-3f1f0c6f2f10"])
}

fn code() -> ObjectBuilder {
    let codes = FaultCode::ALL.iter().map(|code| code.as_str());
    let described = ObjectBuilder::new().schema_type(Type::String);
    described.description(Some("What kind of fault: a stable code.")).enum_values(Some(codes))
}

macro_rules! schemas {
    ($($type:ty = $schema:expr;)*) => { $(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }
        impl ToSchema for $type {}
    )* };
}

pub(crate) use schemas;

schemas! {
    SkillName = text("The name of a skill.", NAME, "csv-report");
    DomainName = text("The name of a domain.", NAME, "main");
    ToolName = text("The name of a tool within its skill.", "^[A-Za-z0-9_.-]{1,128}$", "report");
    SkillRef = text("A skill, or one version of it.", &format!("^[a-z][a-z0-9-]{{0,62}}(@{VERSION})?$"), "csv-report@1.2.0");
    VersionText = text("A semantic version.", &format!("^{VERSION}$"), "1.2.0");
    SecretValue = text("The value of a secret, which no answer shows.", "^[!-~]{8,8192}$", "sk-0123456789")
        .write_only(true);
    GuestPath = text(
        "A path as a guest sees it: absolute, without `.`, `..` or empty parts.",
        "^/((?!\\.{1,2}(/|$))[^/\\u0000]+(/(?!\\.{0,2}(/|$))[^/\\u0000]+)*/?)?$",
        "/data"
    );
    Digest = text("A SHA-256 digest.", "^sha256:[0-9a-fA-F]{64}$", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    SessionId = text("A session: the host that holds it, and a number that nobody can guess.", SESSION, "01979f3e6c1a7b7e8a4e3f1f0c6f2f10.0d1e5c9be4f7423c9c5d3f2f8d5c7a11");
    Principal = text("Who asks.", "^(operator|key|agent):[^\\u0000]+$|^skill:[a-z][a-z0-9-]{0,62}$", "operator:ann");
    ByteSize = text("A number of bytes.", "^[0-9]{1,10}(B|KiB|MiB|GiB)$", "64MiB");
    Span = text("A span of time.", "^[0-9]{1,10}(ms|s|m|h|d)$", "10s");
    KeyId = text("The part of an API key that may be known.", "^[0-9a-f]{16}$", "4f1c2a7be09d3365");
    Rate = text("Calls over time.", "^[1-9][0-9]{0,8}/[smh]$", "100/s");
    TraceId = text("A trace, as W3C Trace Context names it.", "^[0-9a-f]{32}$", "0af7651916cd43dd8448eb211c80319c");
    Topic = text("What an event is about.", &format!("^({PART}|-)\\.({PART}|-)\\.{KIND}$"), "main.csv-report.call");
    Pattern = text("Which topics are wanted, with `*` for any part.", &format!("^({PART}|-|\\*)\\.({PART}|-|\\*)\\.({KIND}|\\*)$"), "main.*.call");
    AskId = uuid("The id of a request for a grant.");
    CallId = uuid("The id of a call.");
    JobId = uuid("The id of a job.");
    Incarnation = uuid("One life of one host.");
    FaultCode = code();
}

/// The grammar of semver.org, in numbers that fit.
const VERSION: &str = "(0|[1-9][0-9]{0,17})\\.(0|[1-9][0-9]{0,17})\\.(0|[1-9][0-9]{0,17})\
    (-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?\
    (\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?";
