//! A server that counts who comes, shows what it was sent, and misbehaves where asked to.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use skep_harness::read_request;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Listens on every address of the machine, for as long as its runtime runs.
pub(crate) struct Place {
    pub(crate) port: u16,
    came: Arc<AtomicUsize>,
}

impl Place {
    /// In clear.
    pub(crate) async fn open() -> Self {
        Self::listen(None).await
    }

    /// Over TLS, for `name`; with the authority that vouches for it.
    pub(crate) async fn secure(name: &str) -> (Self, Vec<u8>) {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![leaf.der().clone()], key).unwrap();
        (Self::listen(Some(TlsAcceptor::from(Arc::new(config)))).await, issuer.der().to_vec())
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(both) => both,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
        };
        let place = Self { port: listener.local_addr().unwrap().port(), came: Arc::default() };
        let came = Arc::clone(&place.came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                came.fetch_add(1, Ordering::SeqCst);
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        place
    }

    /// Connections so far.
    pub(crate) fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
    let request = read_request(&mut stream).await?;
    let path = request.split(' ').nth(1)?.to_owned();
    match path.split('?').next()? {
        "/silent" => std::future::pending().await,
        "/stalls" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour").await.ok()?;
            std::future::pending().await
        }
        "/redirect" => {
            let to = path.split_once("to=")?.1;
            let answer = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
        "/large" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.ok()?;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        }
        "/many-headers" => {
            let fields = (0..1000).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
            let answer = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
        "/large-header" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.ok()?;
            while stream.write_all(&[b'y'; 4096]).await.is_ok() {}
        }
        "/garbage" => stream.write_all(b"220 mail.example ESMTP\r\n").await.ok()?,
        _ => {
            let answer = format!(
                "HTTP/1.1 200 OK\r\nx-place: here\r\ncontent-length: {}\r\n\r\n{request}",
                request.len()
            );
            stream.write_all(answer.as_bytes()).await.ok()?;
        }
    }
    stream.shutdown().await.ok()
}
