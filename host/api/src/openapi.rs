//! The API's own description (OpenAPI 3.1): what each route says of itself, and what holds for all of them.

use crate::auth::Class;
use crate::error::Refusal;
use crate::state::BucketName;
use crate::types::{EventAsk, EventWord, NDJSON, PROBLEM_JSON, Problem};
use axum::extract::Request;
use axum::http::{StatusCode, header::ACCEPT};
use axum::middleware::Next;
use axum::response::Response as Answer;
use skep_core::{
    AskId, AskState, AuditAction, CallId, DomainName, Event, Fault, JobId, JobState, Lane, SecretName,
    SessionId, SkillName, SkillRef, Span, ToolName, VersionText,
};
use utoipa::ToSchema;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr};

/// Where an operation says what it takes of who asks.
const CLASS: &str = "x-skep-class";
/// The name of the security scheme.
const BEARER: &str = "bearer";

const WORDS: &str = "The API of a Skep host. Over TCP each request bears a token; on the Unix socket the kernel \
    says who asks. What isn't a success is a problem of RFC 9457 whose `code` is stable.";

const TAGS: [(&str, &str); 14] = [
    ("skills", "What is installed, in which versions"),
    ("grants", "What skills are given"),
    ("requests", "What others ask operators to grant"),
    ("configuration", "How skills are configured"),
    ("secrets", "What skills may use and never see"),
    ("calls", "Calls of tools"),
    ("jobs", "Calls that are kept until they are done"),
    ("sessions", "Instances that live on between calls, on this host"),
    ("state", "What skills keep, for operators"),
    ("events", "What happens, while it does"),
    ("audit", "What was done, by whom"),
    ("domains", "Bulkheads: each has its own skills, secrets, keys and queues"),
    ("keys", "API keys: by whom and for what"),
    ("health", "Whether the host lives and can serve"),
];

/// Whether an operation may be refused so.
type Applies = fn(&str, &Operation) -> bool;

/// The problems that operations share: the status, where it applies, what it means.
const PROBLEMS: &[(u16, Applies, &str)] = &[
    (400, guarded, "The request isn't what is described here, or asks for what can't be done"),
    (401, guarded, "Nobody is known by what the request bears"),
    (
        403,
        |_, _| true,
        "Whoever asks may not do that, or the request came from a page or under a name that isn't allowed",
    ),
    (404, guarded, "There is no such thing"),
    (406, guarded, "Nothing that is offered here is accepted"),
    (408, has_body, "The body came too slowly"),
    (409, guarded, "It isn't as whoever asks took it to be"),
    (410, is_call, "There is no such session any more"),
    (412, is_conditional, "It isn't what was seen any more: look at it again"),
    (413, has_body, "The body is too large"),
    (415, has_body, "The body is of a type that isn't taken"),
    (422, runs_code, "The request was understood, and the skill is to blame"),
    (429, guarded, "Too much is asked for: try again later"),
    (500, |_, _| true, "A defect of the host"),
    (502, is_call, "The host died in the call: its outcome is unknown"),
    (503, |path, _| path != "/healthz", "Something that the host needs is away: try again later"),
    (504, runs_code, "There wasn't time enough"),
];

fn guarded(path: &str, _: &Operation) -> bool {
    path.starts_with("/v1/") || path == "/metrics"
}

fn has_body(_: &str, operation: &Operation) -> bool {
    operation.request_body.is_some()
}

fn is_conditional(_: &str, operation: &Operation) -> bool {
    takes(operation, "if-match")
}

fn takes(operation: &Operation, header: &str) -> bool {
    let named = |given: &RefOr<Parameter>| matches!(given, RefOr::T(given) if given.name == header);
    operation.parameters.iter().flatten().any(named)
}

fn is_call(path: &str, _: &Operation) -> bool {
    path.ends_with("/call")
}

/// Calls do, and what compiles a component.
fn runs_code(path: &str, operation: &Operation) -> bool {
    is_call(path, operation)
        || matches!(operation.operation_id.as_deref(), Some("skill_install" | "job_submit"))
}

/// The whole document, from what the routes below `/v1` and the open ones say.
pub(crate) fn document(v1: OpenApi, open: OpenApi) -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new().title("Skep").version(env!("CARGO_PKG_VERSION"));
    let info = info.description(Some(WORDS)).license(Some(license)).build();
    let tags = TAGS.map(|(name, words)| TagBuilder::new().name(name).description(Some(words)).build());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let mut shared = ComponentsBuilder::new().security_scheme(BEARER, SecurityScheme::Http(bearer));
    shared = shared.schema_from::<Problem>().schema_from::<SkillRef>().schema_from::<ToolName>();
    // What stands in paths and queries alone isn't gathered from there.
    shared = shared.schema_from::<VersionText>().schema_from::<SessionId>().schema_from::<AskId>();
    shared = shared.schema_from::<BucketName>().schema_from::<AuditAction>().schema_from::<AskState>();
    shared = shared.schema_from::<DomainName>().schema_from::<SkillName>().schema_from::<CallId>();
    shared = shared.schema_from::<JobId>().schema_from::<JobState>();
    shared = shared.schema_from::<Lane>().schema_from::<Span>().schema_from::<SecretName>();
    // What goes over a WebSocket is no body of any answer.
    let mut frames = Vec::new();
    for gather in [Event::schemas, EventAsk::schemas, EventWord::schemas] {
        gather(&mut frames);
    }
    shared = shared.schema_from::<Event>().schema_from::<EventAsk>().schema_from::<EventWord>();
    shared = shared.schemas_from_iter(frames);
    for (status, _, words) in PROBLEMS {
        shared = shared.response(name(*status), problem(*status, words));
    }
    let head = OpenApiBuilder::new().info(info).tags(Some(tags)).components(Some(shared.build())).build();
    let mut document = head.nest("/v1", v1).merge_from(open);
    for (path, item) in &mut document.paths.paths {
        operations(item).for_each(|operation| complete(path, operation));
    }
    document
}

/// Adds what holds for all operations of its kind.
fn complete(path: &str, operation: &mut Operation) {
    if guarded(path, operation) {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    }
    let unchanged = takes(operation, "if-none-match");
    if unchanged {
        let words = "It is what the client has already";
        let unchanged = tagged(ResponseBuilder::new().description(words).build());
        operation.responses.responses.insert("304".to_owned(), unchanged.into());
    }
    if unchanged || takes(operation, "if-match") {
        let done = operation.responses.responses.get_mut("200");
        if let Some(RefOr::T(done)) = done {
            *done = tagged(done.clone());
        }
    }
    let problems: Vec<_> = PROBLEMS.iter().filter(|(_, applies, _)| applies(path, operation)).collect();
    for (status, _, _) in problems {
        let shared = Ref::from_response_name(name(*status));
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| shared.into());
    }
}

/// Notes at each operation what it takes of who asks.
pub(crate) fn note_class(routes: &mut OpenApi, class: Class) {
    for item in routes.paths.paths.values_mut() {
        for operation in operations(item) {
            let noted = ExtensionsBuilder::new().add(CLASS, class.as_str());
            operation.extensions.get_or_insert_default().merge(noted.build());
        }
    }
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// An answer with the tag of what it holds.
fn tagged(mut answer: Response) -> Response {
    let tag = header("What was seen, for `If-Match` and `If-None-Match`");
    answer.headers.insert("ETag".to_owned(), tag.into());
    answer
}

fn header(words: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new().schema(Some(text)).description(Some(words)).build()
}

fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem(status: u16, words: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new().description(words).content(PROBLEM_JSON, content);
    match status {
        401 => problem.header("WWW-Authenticate", header("How to say who asks")).build(),
        429 => problem
            .header("Retry-After", header("When to try again, in seconds"))
            .header("RateLimit", header("What is left of the rate of who asks, if that is used up"))
            .build(),
        503 => problem.header("Retry-After", header("When to try again, in seconds")).build(),
        _ => problem.build(),
    }
}

/// Media types that some route answers with.
const OFFERED: [&str; 6] =
    ["*/*", "application/*", "application/json", PROBLEM_JSON, NDJSON, "application/octet-stream"];

/// Refuses a client that accepts nothing of what is offered.
pub(crate) async fn acceptable(request: Request, next: Next) -> Result<Answer, Refusal> {
    let accepted = request.headers().get_all(ACCEPT);
    let accepted: Vec<_> =
        accepted.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    let offered = |range: &&str| {
        let media = range.split(';').next().unwrap_or_default().trim();
        OFFERED.iter().any(|offered| offered.eq_ignore_ascii_case(media))
    };
    if accepted.is_empty() || accepted.iter().any(offered) {
        return Ok(next.run(request).await);
    }
    let fault = Fault::invalid_input(format!(
        "nothing of `{}` is offered here: accept `application/json`",
        accepted.join(",")
    ));
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, fault))
}
