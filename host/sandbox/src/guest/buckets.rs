//! `wasi:keyvalue` and `skep:skill/state`: what a skill keeps between its calls, in two buckets of its own.

use super::RESOURCES_MAX;
use crate::Services;
use crate::bindings::skep::skill::state;
use crate::bindings::wasi::keyvalue::{atomics, batch, store};
use bytes::Bytes;
use skep_core::{Bucket, StateChange, StateChanged, StateError};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

/// Most keys in one batch.
const BATCH_KEYS_MAX: usize = 1000;
/// Most bytes of values that one batch reads.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// Why a guest didn't get what it asked of a bucket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateRefusal {
    /// The state itself says so.
    #[error(transparent)]
    State(#[from] StateError),
    /// No room for another handle.
    #[error("a skill may have {RESOURCES_MAX} buckets, files and streams open at once: drop some")]
    Handles,
    /// A batch of too many keys.
    #[error("a batch may have {BATCH_KEYS_MAX} keys at most: make several")]
    BatchKeys,
    /// A batch of too many bytes.
    #[error("a batch may read {BATCH_BYTES_MAX} bytes at most: ask for fewer keys at once")]
    BatchBytes,
    /// A handle that isn't in the table: the host's defect, which ends the guest.
    #[error(transparent)]
    Broken(#[from] ResourceTableError),
}

/// The state of one skill, as its guest sees it.
pub(super) struct Buckets<'a> {
    pub(super) services: &'a dyn Services,
    pub(super) table: &'a mut ResourceTable,
}

// `&mut self`, though nothing is changed here: the table may not be shared between threads.
impl Buckets<'_> {
    async fn read(&mut self, bucket: &Resource<Bucket>, key: &str) -> Result<Option<Bytes>, StateRefusal> {
        let bucket = *self.table.get(bucket)?;
        StateChange::check_key(key)?;
        Ok(self.services.state_get(bucket, key).await?)
    }

    async fn change(
        &mut self,
        bucket: &Resource<Bucket>,
        key: &str,
        change: StateChange,
    ) -> Result<StateChanged, StateRefusal> {
        let bucket = *self.table.get(bucket)?;
        change.check(key)?;
        Ok(self.services.state_change(bucket, key, change).await?)
    }
}

impl store::Host for Buckets<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, StateRefusal> {
        let bucket: Bucket = identifier.parse()?;
        self.table.push(bucket).map_err(|_| StateRefusal::Handles)
    }

    fn convert_error(&mut self, refusal: StateRefusal) -> wasmtime::Result<store::Error> {
        match refusal {
            StateRefusal::State(StateError::NoSuchBucket) => Ok(store::Error::NoSuchStore),
            StateRefusal::Broken(defect) => Err(defect.into()),
            other => Ok(store::Error::Other(other.to_string())),
        }
    }
}

impl store::HostBucket for Buckets<'_> {
    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Option<Vec<u8>>, StateRefusal> {
        Ok(self.read(&bucket, &key).await?.map(Vec::from))
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), StateRefusal> {
        self.change(&bucket, &key, StateChange::Set(value.into())).await.map(drop)
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), StateRefusal> {
        self.change(&bucket, &key, StateChange::Delete).await.map(drop)
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, StateRefusal> {
        Ok(self.read(&bucket, &key).await?.is_some())
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<u64>,
    ) -> Result<store::KeyResponse, StateRefusal> {
        let bucket = *self.table.get(&bucket)?;
        let page = self.services.state_keys(bucket, cursor.unwrap_or(0)).await?;
        Ok(store::KeyResponse { keys: page.keys, cursor: page.next })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Buckets<'_> {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: u64,
    ) -> Result<u64, StateRefusal> {
        let changed = self.change(&bucket, &key, StateChange::Increment(delta)).await?;
        let text = changed.value.as_deref().and_then(|value| str::from_utf8(value).ok());
        let number = text.and_then(|text| text.parse().ok());
        number.ok_or(StateError::NotANumber.into())
    }
}

impl batch::Host for Buckets<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<(String, Vec<u8>)>>, StateRefusal> {
        check_batch(&keys)?;
        let mut found = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        for key in keys {
            let value = self.read(&bucket, &key).await?;
            bytes += value.as_ref().map_or(0, Bytes::len);
            if bytes > BATCH_BYTES_MAX {
                return Err(StateRefusal::BatchBytes);
            }
            found.push(value.map(|value| (key, value.into())));
        }
        Ok(found)
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> Result<(), StateRefusal> {
        check_batch(&key_values)?;
        for (key, value) in key_values {
            self.change(&bucket, &key, StateChange::Set(value.into())).await?;
        }
        Ok(())
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Result<(), StateRefusal> {
        check_batch(&keys)?;
        for key in keys {
            self.change(&bucket, &key, StateChange::Delete).await?;
        }
        Ok(())
    }
}

fn check_batch<T>(items: &[T]) -> Result<(), StateRefusal> {
    if items.len() > BATCH_KEYS_MAX { Err(StateRefusal::BatchKeys) } else { Ok(()) }
}

impl state::Host for Buckets<'_> {
    async fn compare_and_set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        expected: Option<Vec<u8>>,
        value: Option<Vec<u8>>,
    ) -> Result<bool, StateRefusal> {
        let swap = StateChange::Swap { expected: expected.map(Bytes::from), value: value.map(Bytes::from) };
        Ok(self.change(&bucket, &key, swap).await?.applied)
    }
}

struct HasBuckets;

impl HasData for HasBuckets {
    type Data<'a> = Buckets<'a>;
}

/// Serves the interfaces from what `T` has for them.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    buckets: fn(&mut T) -> Buckets<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<T, HasBuckets>(linker, buckets)?;
    atomics::add_to_linker::<T, HasBuckets>(linker, buckets)?;
    batch::add_to_linker::<T, HasBuckets>(linker, buckets)?;
    state::add_to_linker::<T, HasBuckets>(linker, buckets)
}
