//! A server that offers TLS, met by a process that chose no TLS provider.

use skep_store::{Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a server says first: protocol 10, version, connection, salt, and that it can TLS.
const GREETING: &[u8] = b"\x4a\0\0\0\x0a5.5.5-10.11.6\0\x01\0\0\0saltsalt\0\x00\x8a\x21\x02\0\x08\0\x15\
    \0\0\0\0\0\0\0\0\0\0saltsaltsalt\0mysql_native_password\0";
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 22;

#[tokio::test]
async fn tls_needs_no_provider_chosen_before() {
    let mut greeting = GREETING.to_vec();
    greeting[0] = u8::try_from(GREETING.len() - 4).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(&greeting).await.unwrap();
        let mut request = [0; 36];
        client.read_exact(&mut request).await.unwrap();
        client.read_u8().await.unwrap()
    });
    let url = format!("mysql://skep:skep@127.0.0.1:{port}/skep?require_ssl=true");
    let refused = Store::open(&url.parse().unwrap()).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable { .. })), "{refused:?}");
    assert_eq!(server.await.unwrap(), HANDSHAKE);
}
