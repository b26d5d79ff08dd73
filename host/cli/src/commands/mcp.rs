//! `skep mcp`: MCP over standard input and output, for an editor or an agent. Nothing else is written there.

use crate::client::Client;
use crate::failure::Failure;
use anyhow::Context;
use reqwest::Body;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// Passes messages on in both directions until the client closes its side or the host ends.
pub(crate) async fn mcp(client: &Client, profile: Option<String>) -> Result<(), Failure> {
    let messages = Body::wrap_stream(ReaderStream::new(tokio::io::stdin()));
    let mut answer = client.mcp(profile, messages).await?;
    let mut out = tokio::io::stdout();
    while let Some(chunk) = answer.chunk().await.map_err(|error| client.unreachable(error))? {
        out.write_all(&chunk).await.context("standard output")?;
        out.flush().await.context("standard output")?;
    }
    Ok(())
}
