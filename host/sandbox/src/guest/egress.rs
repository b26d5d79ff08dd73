//! HTTP from a guest: linked, because toolchains import it unasked, and always denied.

use http::Request;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Denies every request with the typed error of `wasi:http`.
pub(crate) struct Denied;

/// Most of a request's body that is buffered on its way to being denied.
const BODY_CHUNK_BYTES_MAX: usize = 4 << 10;
/// Largest set of header fields.
pub(super) const FIELDS_BYTES_MAX: usize = 16 << 10;

type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Response = Result<(http::Response<WasiBody>, Done), Error>;

impl WasiHttpHooks for Denied {
    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Done,
    ) -> Box<dyn Future<Output = Response> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES_MAX
    }
}
