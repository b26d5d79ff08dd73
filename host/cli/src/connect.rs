//! Where a command finds its host: the one named, the one that holds the data directory, or one of its own.

use crate::args::Place;
use crate::client::Client;
use crate::failure::Failure;
use crate::home::{Home, Lock};
use crate::host::Host;
use crate::settings::Settings;
use skep_core::{DomainName, Fault};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for a host that holds the lock and doesn't answer yet.
const HOST_WAIT: Duration = Duration::from_secs(10);
/// How often to look again.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A host to talk to, for as long as a command runs.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// Whether anybody may run jobs: a command's own host only accepts them, unless others share its database.
    pub(crate) runs_jobs: bool,
    own: Option<(Host, Lock)>,
}

impl Session {
    pub(crate) async fn open(place: &Place) -> Result<Self, Failure> {
        if let Some(url) = &place.host {
            let client = Client::at(url, place.token.clone(), place.domain.clone())?;
            return Ok(Self { client, runs_jobs: true, own: None });
        }
        let home = Home::find(place.data.as_deref())?;
        home.prepare()?;
        let socket = home.socket();
        let until = Instant::now() + HOST_WAIT;
        loop {
            if answers(&socket) {
                let client = Client::unix(&socket, place.domain.clone())?;
                return Ok(Self { client, runs_jobs: true, own: None });
            }
            if let Some(lock) = home.lock()? {
                return Self::own(Settings::for_command(place)?, place.domain.clone(), lock).await;
            }
            if Instant::now() >= until {
                let dir = home.dir().display();
                return Err(
                    Fault::unavailable(format!("a host holds {dir} but doesn't answer: try again")).into()
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A host apart from every deployment, with its data in `dir`; nobody else may use that.
    pub(crate) async fn apart(dir: &Path, domain: DomainName) -> Result<Self, Failure> {
        let home = Home::find(Some(dir))?;
        home.prepare()?;
        let Some(lock) = home.lock()? else {
            return Err(Failure::Usage(format!(
                "another host holds {}: stop it first",
                home.dir().display()
            )));
        };
        Self::own(Settings::apart(home, domain.clone()), domain, lock).await
    }

    /// A host of the command's own, reached over the usual socket: one path for all commands.
    async fn own(settings: Settings, domain: DomainName, lock: Lock) -> Result<Self, Failure> {
        let host = Host::start(&settings).await?;
        let socket = settings.home.socket();
        host.listen_unix(&socket)?;
        let runs_jobs = settings.jobs.runs || settings.shared.is_some();
        Ok(Self { client: Client::unix(&socket, domain)?, runs_jobs, own: Some((host, lock)) })
    }

    /// Ends the command's own host, if it has one.
    pub(crate) async fn close(self) {
        // The connections are kept alive until the client is gone.
        drop(self.client);
        if let Some((host, lock)) = self.own {
            host.stop().await;
            drop(lock);
        }
    }
}

fn answers(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}
