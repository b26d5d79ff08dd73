//! HTTP from a guest: linked, because toolchains import it unasked, and always denied.

use http::Request;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Denies every request with the typed error of `wasi:http`.
pub(crate) struct Denied;

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
}
