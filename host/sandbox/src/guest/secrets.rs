//! `skep:skill/secrets`: placeholders of the secrets that the permit names. A value never comes here.

use crate::bindings::skep::skill::secrets;
use crate::net::{Secrets, Withheld};
use wasmtime::component::{HasData, Linker};

/// The secrets of one call, as its guest sees them.
pub(super) struct Placeholders<'a>(pub(super) &'a Secrets);

impl secrets::Host for Placeholders<'_> {
    async fn get(&mut self, name: String) -> Result<String, secrets::Error> {
        self.0.ask(&name, None).await.map(|placeholder| placeholder.to_string()).map_err(told)
    }

    async fn get_basic(&mut self, name: String, user: String) -> Result<String, secrets::Error> {
        self.0.ask(&name, Some(user)).await.map(|placeholder| placeholder.to_string()).map_err(told)
    }
}

fn told(withheld: Withheld) -> secrets::Error {
    match withheld {
        Withheld::Denied(why) => secrets::Error::Denied(why),
        Withheld::NotSet(why) => secrets::Error::NotSet(why),
        Withheld::Unavailable(why) => secrets::Error::Unavailable(why),
    }
}

struct HasSecrets;

impl HasData for HasSecrets {
    type Data<'a> = Placeholders<'a>;
}

/// Serves the interface from what `T` has for it.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    placeholders: fn(&mut T) -> Placeholders<'_>,
) -> wasmtime::Result<()> {
    secrets::add_to_linker::<T, HasSecrets>(linker, placeholders)
}
