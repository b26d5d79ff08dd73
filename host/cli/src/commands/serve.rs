//! `skep serve`: a host, until it is told to stop.

use crate::args::{Place, ServeArgs};
use crate::failure::Failure;
use crate::host::Host;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use anyhow::{Context, anyhow};
use skep_core::{DomainName, Principal};
use skep_registry::{WatchReport, watch};
use skep_router::{Operator, Router};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Exit status after a second signal, as a shell would give it for an interrupted program.
const INTERRUPTED: i32 = 130;
/// Reports of the watched directory that wait to be written down.
const REPORTS_MAX: usize = 16;

pub(crate) async fn serve(place: &Place, args: &ServeArgs) -> Result<(), Failure> {
    let settings = Settings::for_serve(place, args)?;
    let telemetry = Telemetry::start(&settings)?;
    let mut signals = Signals::listen()?;
    let home = &settings.home;
    home.prepare()?;
    let Some(_lock) = home.lock()? else {
        return Err(Failure::Usage(format!(
            "another host holds {}: stop it, or use another --data",
            home.dir().display()
        )));
    };
    let host = Host::start(&settings).await?;
    host.listen_unix(&home.socket())?;
    let listening = host.listen_tcp(&settings).await?;
    if let Some(dir) = &settings.watch {
        start_watching(host.router.clone(), place.domain.clone(), dir)?;
    }
    let backing = if settings.shared.is_some() { "Redis + MySQL" } else { "memory + SQLite" };
    let socket = home.socket();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        socket = %socket.display(),
        listen = listening.map(tracing::field::display),
        "ready, on {backing}"
    );
    notify("READY=1");
    let lost = tokio::select! {
        () = signals.next() => false,
        () = host.router.lost() => true,
    };
    notify("STOPPING=1");
    tracing::info!("finishing what is under way; a second signal stops at once");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
    host.stop().await;
    telemetry.stop().await;
    if lost {
        return Err(anyhow!("the other hosts took this one for dead: start it again").into());
    }
    tracing::info!("stopped");
    Ok(())
}

/// What ends a command that goes on until it is told to stop.
pub(super) struct Signals(Signal, Signal);

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self(listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?))
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

fn start_watching(router: Router, domain: DomainName, dir: &Path) -> Result<(), Failure> {
    if !dir.is_dir() {
        return Err(Failure::Usage(format!("--watch `{}` is no directory: make it first", dir.display())));
    }
    let (report, mut reports) = mpsc::channel(REPORTS_MAX);
    let watching = watch(router.registry().clone(), domain.clone(), dir.to_owned(), report);
    let shown: PathBuf = dir.to_owned();
    tokio::spawn(async move {
        if let Err(fault) = watching.await {
            tracing::error!(dir = %shown.display(), %fault, "the directory is no longer watched");
        }
    });
    let by = Operator { chain: vec![Principal::Operator("watch".to_owned())], domain };
    tokio::spawn(async move {
        while let Some(report) = reports.recv().await {
            router.watched(&by, &report).await;
            tell(&report);
        }
    });
    Ok(())
}

fn tell(WatchReport { path, result }: &WatchReport) {
    let path = path.display();
    match result {
        Ok(added) if added.unchanged => tracing::debug!(%path, "unchanged"),
        Ok(added) => match &added.waits {
            Some(why) => {
                tracing::warn!(%path, skill = %added.skill, why, "waits for approval: `skep approve`")
            }
            None => tracing::info!(%path, skill = %added.skill, version = %added.version, "serving"),
        },
        Err(fault) => tracing::error!(%path, %fault, "refused; what served before serves on"),
    }
}

/// Tells the service manager, if there is one (sd_notify(3)).
fn notify(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let sent = UnixDatagram::unbound().and_then(|socket| {
        if let Some(name) = path.to_str().and_then(|p| p.strip_prefix('@')) {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            return socket.send_to_addr(state.as_bytes(), &address);
        }
        socket.send_to(state.as_bytes(), &path)
    });
    if let Err(error) = sent {
        tracing::warn!(%error, "the service manager can't be told");
    }
}
