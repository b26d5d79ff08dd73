//! The description of the API, for programs and for people: `/openapi.json` and `/docs`.

use crate::Api;
use axum::Router;
use axum::http::{HeaderName, header};
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;
use std::fmt::Write;
use utoipa::openapi::OpenApi;

/// The page fetches nothing and runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Skep: the API</title>\
    <meta name=viewport content=\"width=device-width\"><style>\
    body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
    summary{cursor:pointer;padding:.2rem 0}code,pre{font-size:.9em}pre{overflow:auto}\
    b{display:inline-block;width:4.5rem}td{padding:0 1rem 0 0;vertical-align:top}</style>";

/// Both, made once.
pub(crate) fn routes(document: &OpenApi) -> Router<Api> {
    let json = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    let page = Bytes::from(page(&serde_json::to_value(document).unwrap_or_default()));
    let typed = |media: &'static str, body: Bytes| {
        let headers: [(HeaderName, &str); 2] =
            [(header::CONTENT_TYPE, media), (header::CONTENT_SECURITY_POLICY, POLICY)];
        get(async move || (headers, body))
    };
    Router::new()
        .route("/openapi.json", typed("application/json", json))
        .route("/docs", typed("text/html; charset=utf-8", page))
}

/// The document as a page: each operation under its tag, then the schemas they name.
fn page(document: &Value) -> String {
    let mut page = HEAD.to_owned();
    let info = &document["info"];
    let _ = write!(page, "<h1>Skep {}</h1><p>{}</p>", text(&info["version"]), text(&info["description"]));
    page.push_str("<p><a href=/openapi.json>openapi.json</a></p>");
    for tag in document["tags"].as_array().into_iter().flatten() {
        let _ = write!(page, "<h2>{}</h2><p>{}</p>", text(&tag["name"]), text(&tag["description"]));
        for (path, item) in entries(&document["paths"]) {
            let of_tag = |(_, operation): &(&String, &Value)| operation["tags"][0] == tag["name"];
            for (method, operation) in entries(item).filter(of_tag) {
                operation_into(&mut page, method, path, operation);
            }
        }
    }
    page.push_str("<h2>schemas</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let name = escaped(name);
        let _ = write!(page, "<details id=\"{name}\"><summary>{name}</summary>{}</details>", json(schema));
    }
    page
}

fn operation_into(page: &mut String, method: &str, path: &str, operation: &Value) {
    let method = method.to_uppercase();
    let _ = write!(
        page,
        "<details><summary><b>{method}</b><code>{}</code> {}</summary><p>{}</p><table>",
        escaped(path),
        text(&operation["summary"]),
        text(&operation["description"])
    );
    for given in operation["parameters"].as_array().into_iter().flatten() {
        let [name, place, words] = ["name", "in", "description"].map(|field| text(&given[field]));
        let _ = write!(page, "<tr><td><code>{name}</code><td>{place}<td>{words}");
    }
    for (media, body) in entries(&operation["requestBody"]["content"]) {
        let _ = write!(page, "<tr><td>body<td>{}<td>{}", escaped(media), json(&body["schema"]));
    }
    for (status, answer) in entries(&operation["responses"]) {
        let words = answer["description"].as_str().or(answer["$ref"].as_str()).unwrap_or_default();
        let _ = write!(page, "<tr><td>{status}<td><td>{}", escaped(words));
        for (media, body) in entries(&answer["content"]) {
            let _ = write!(page, "<br>{} {}", escaped(media), json(&body["schema"]));
        }
    }
    page.push_str("</table></details>");
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn json(value: &Value) -> String {
    format!("<pre>{}</pre>", escaped(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
