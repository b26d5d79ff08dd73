//! From a checked address to a connection, over TLS where the scheme says so.

use super::Network;
use crate::SandboxError;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use skep_core::{Host, Origin, Scheme};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::either::Either;
use wasmtime_wasi_http::Error;

/// Longest try of one address, so that one that doesn't answer leaves time for the next.
const ADDRESS_WAIT_MAX: Duration = Duration::from_secs(5);

/// A connection, in clear or not.
pub(super) type Connection = Either<TcpStream, TlsStream<TcpStream>>;

/// Trusts the public authorities and `more`.
pub(super) fn tls(more: Vec<Vec<u8>>) -> Result<Arc<ClientConfig>, SandboxError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    for authority in more {
        let added = roots.add(CertificateDer::from(authority));
        added.map_err(|_| SandboxError::Settings("a certificate authority can't be read: give it as DER"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SandboxError::Settings("TLS has no protocol version here"))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl Network {
    /// Connects to the first of `addresses` that answers.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
        addresses: &[SocketAddr],
        until: Instant,
    ) -> Result<Connection, Error> {
        let stream = tcp(addresses, until).await?;
        match origin.scheme {
            Scheme::Http => Ok(Either::Left(stream)),
            Scheme::Https => self.shake_hands(&origin.host, stream, until).await.map(Either::Right),
        }
    }

    async fn shake_hands(
        &self,
        host: &Host,
        stream: TcpStream,
        until: Instant,
    ) -> Result<TlsStream<TcpStream>, Error> {
        let name = match host {
            Host::Ip(address) => ServerName::from(*address),
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| Error::HttpRequestUriInvalid)?
            }
        };
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        match timeout_at(until, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => {
                tracing::debug!(%host, %error, "no TLS");
                Err(tls_error(&error))
            }
            Err(_) => Err(Error::ConnectionTimeout),
        }
    }
}

async fn tcp(addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Error> {
    let mut last = Error::DestinationNotFound;
    for address in addresses {
        let until = until.min(Instant::now() + ADDRESS_WAIT_MAX);
        last = match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What is written is written whole, so nothing is gained by waiting for more of it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => tcp_error(&error),
            Err(_) => Error::ConnectionTimeout,
        };
    }
    Err(last)
}

fn tcp_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Error::DestinationIpUnroutable,
        _ => Error::DestinationUnavailable,
    }
}

fn tls_error(error: &io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        _ => Error::TlsProtocolError,
    }
}
