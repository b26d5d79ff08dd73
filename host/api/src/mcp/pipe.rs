//! `POST /mcp/stdio`: MCP in lines over the two bodies of one request, which is what `skep mcp` passes on.
//!
//! The request's body brings the client's messages for as long as it lasts, and the answer's body takes the host's.

use super::http::MESSAGE_BYTES_MAX;
use super::server::Server;
use super::visitor::Visitor;
use crate::Api;
use crate::auth::Proof;
use crate::error::Refusal;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use rmcp::service::serve_server_with_ct;
use rmcp::transport::async_rw::AsyncRwTransport;
use std::io;
use tokio_util::io::{ReaderStream, StreamReader};

/// The media type of messages in lines.
const LINES: &str = "application/x-ndjson";
/// Bytes that wait for a slow client.
const UNREAD_BYTES_MAX: usize = 64 << 10;

pub(crate) async fn pipe(
    State(api): State<Api>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Refusal> {
    let catalog = api.mcp.catalog(api.router(), &visitor.who.domain).await?;
    let proof = Proof::of(&request)?;
    let messages = StreamReader::new(request.into_body().into_data_stream().map_err(io::Error::other));
    // A duplex, unlike a simplex, ends for its reader when its writer is dropped.
    let (ours, theirs) = tokio::io::duplex(UNREAD_BYTES_MAX);
    let transport = AsyncRwTransport::new_server(messages, theirs).with_max_line_length(MESSAGE_BYTES_MAX);
    let ended = api.mcp.ended.child_token();
    let server = Server::new(api.clone(), visitor, catalog);
    let talk = async move {
        match serve_server_with_ct(server, transport, ended).await {
            Ok(serving) => drop(serving.waiting().await),
            Err(error) => tracing::debug!(%error, "an MCP client didn't get past its first message"),
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = talk => {}
            () = proof.lapsed(&api) => {}
        }
    });
    Ok(([(header::CONTENT_TYPE, LINES)], Body::from_stream(ReaderStream::new(ours))).into_response())
}
