//! Linking: everything a guest may import, defined once per engine.
//!
//! Toolchains import all of WASI whether they use it or not, so all of it is here; what a guest may do
//! with it is decided by its [`Guest`], call by call.

use super::{Guest, buckets, context, logging, secrets, skills};
use crate::files;
use wasmtime::component::Linker;
use wasmtime::{Engine, Result};
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sockets};
use wasmtime_wasi::{cli::*, clocks::*, random::*, sockets::*};

/// A linker with every interface that the host serves.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi_io::add_to_linker_async(&mut linker)?;
    add_cli(&mut linker)?;
    add_clocks_and_random(&mut linker)?;
    files::add_to_linker(&mut linker)?;
    add_network(&mut linker)?;
    wasmtime_wasi_config::add_to_linker(&mut linker, Guest::config)?;
    context::add_to_linker(&mut linker, |guest| &mut guest.context)?;
    logging::add_to_linker(&mut linker, Guest::log)?;
    buckets::add_to_linker(&mut linker, Guest::buckets)?;
    skills::add_to_linker(&mut linker, Guest::skills)?;
    secrets::add_to_linker(&mut linker, Guest::placeholders)?;
    Ok(linker)
}

fn add_cli(linker: &mut Linker<Guest>) -> Result<()> {
    cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)
}

fn add_clocks_and_random(linker: &mut Linker<Guest>) -> Result<()> {
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, Guest::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, Guest::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)
}

/// Sockets and HTTP, which answer every request with the error of their signature.
fn add_network(linker: &mut Linker<Guest>) -> Result<()> {
    sockets::network::add_to_linker::<_, WasiSockets>(linker, &Default::default(), Guest::sockets)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    sockets::tcp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    sockets::udp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    sockets::udp_create_socket::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}
