//! A collector of traces as small as can be: it takes OTLP over HTTP and keeps every span, on threads of its
//! own, so that it takes what a host sends at its end while the test waits for that.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Largest batch that is taken.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A collector on a port of its own.
pub struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = spans.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || take(stream, &kept));
            }
        });
        Self { url, spans }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The spans of a trace that came so far.
    pub fn trace(&self, id: &str) -> Vec<Span> {
        let spans = self.spans.lock().expect("the spans");
        spans.iter().filter(|span| hex::encode(&span.trace_id) == id).cloned().collect()
    }

    /// All spans that came so far.
    pub fn all(&self) -> Vec<Span> {
        self.spans.lock().expect("the spans").clone()
    }
}

/// Takes batches from one connection until it ends.
fn take(stream: TcpStream, kept: &Mutex<Vec<Span>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).expect("a head of text").to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.expect("a length").trim().parse().expect("a number");
        assert!(length <= BODY_BYTES_MAX, "{length} bytes");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("the body");
        let batch = ExportTraceServiceRequest::decode(&*body).expect("a batch of spans");
        let scopes = batch.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        kept.lock().expect("the spans").extend(scopes.flat_map(|scope| scope.spans));
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer).expect("the answer is read");
    }
}

/// The text of a span's attribute.
pub fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

/// A trace as a tree: each span by its name, what is below it in brackets, in alphabetical order.
pub fn tree(spans: &[Span], below: &[u8]) -> String {
    let here = spans.iter().filter(|span| span.parent_span_id == below);
    let mut branches: Vec<_> = here
        .map(|span| match tree(spans, &span.span_id) {
            leaf if leaf.is_empty() => span.name.clone(),
            inner => format!("{}({inner})", span.name),
        })
        .collect();
    branches.sort();
    branches.join(" ")
}
