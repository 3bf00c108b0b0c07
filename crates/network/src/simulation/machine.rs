//! The machine of one node: the deterministic runtime, with a disk and an end of its own.

use bytes::BufMut as _;
use commonware_runtime::signal::{Signal, Stopper};
use commonware_runtime::telemetry::metrics::{Metric, Registered};
use commonware_runtime::{
    Blob, BlobVersion, Clock, Error, Handle, IoBufMut, IoBufs, IoBufsMut, Metrics, Name, ReadOptions, Spawner, Storage,
    Supervisor, WriteOptions, deterministic,
};
use governor::clock::{Clock as Governed, ReasonablyRealtime};
use journal::simulated_disk::SimulatedDisk;
use journal::{Disk as _, DiskFile};
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// A context of the deterministic runtime whose storage is a [`SimulatedDisk`] and whose stop signal reaches this
/// machine alone.
pub(crate) struct Machine {
    context: deterministic::Context,
    host: Arc<Host>,
}

struct Host {
    disk: SimulatedDisk,
    stopper: Mutex<Stopper>,
    /// A task of this machine has panicked.
    panicked: Notify,
}

/// Tells the host, if it is dropped by a panic.
struct TellPanic(Arc<Host>);

impl Drop for TellPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.panicked.notify_one();
        }
    }
}

impl Machine {
    pub fn new(context: deterministic::Context, disk: SimulatedDisk) -> Machine {
        let (stopper, panicked) = (Mutex::new(Stopper::new()), Notify::new());
        Machine { context, host: Arc::new(Host { disk, stopper, panicked }) }
    }

    /// Resolves when a task has panicked, whether or not anything waits for it: on a real machine the process ends then.
    pub fn panicked(&self) -> impl Future<Output = ()> + use<> {
        let host = self.host.clone();
        async move { host.panicked.notified().await }
    }
}

impl Supervisor for Machine {
    fn name(&self) -> Name {
        self.context.name()
    }

    fn child(&self, label: &'static str) -> Self {
        Machine { context: self.context.child(label), host: self.host.clone() }
    }

    fn with_attribute(self, key: &'static str, value: impl Display) -> Self {
        Machine { context: self.context.with_attribute(key, value), host: self.host }
    }
}

impl Spawner for Machine {
    fn shared(self, blocking: bool) -> Self {
        Machine { context: self.context.shared(blocking), host: self.host }
    }

    fn dedicated(self) -> Self {
        Machine { context: self.context.dedicated(), host: self.host }
    }

    fn spawn<F, Fut, T>(self, f: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let host = self.host;
        self.context.spawn(move |context| async move {
            let _tell = TellPanic(host.clone());
            f(Machine { context, host }).await
        })
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        let stopped = self.host.stopper.lock().unwrap_or_else(PoisonError::into_inner).stop(value);
        let stopped = async { stopped.await.map_err(|_| Error::Closed) };
        match timeout {
            None => stopped.await,
            Some(timeout) => commonware_macros::select! {
                result = stopped => result,
                () = self.context.sleep(timeout) => Err(Error::Timeout),
            },
        }
    }

    fn stopped(&self) -> Signal {
        self.host.stopper.lock().unwrap_or_else(PoisonError::into_inner).stopped()
    }
}

impl Metrics for Machine {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(&self, name: N, help: H, metric: M) -> Registered<M> {
        self.context.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.context.encode()
    }
}

impl Governed for Machine {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.context.current()
    }
}

impl ReasonablyRealtime for Machine {}

impl Clock for Machine {
    fn current(&self) -> SystemTime {
        self.context.current()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.context.sleep(duration)
    }

    fn sleep_until(&self, deadline: SystemTime) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.context.sleep_until(deadline)
    }
}

impl TryRng for Machine {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.context.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.context.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.context.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Machine {}

/// The version of a blob is in its name, so that a blob has no header that could tear.
fn file_name(partition: &str, name: &[u8], version: BlobVersion) -> String {
    let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{partition}/{name}@{}", version.get())
}

/// The names of a partition's blobs, with the files that hold them.
fn files(disk: &SimulatedDisk, partition: &str) -> io::Result<Vec<(Vec<u8>, String)>> {
    let mut files = Vec::new();
    for file in disk.names()? {
        let Some((of, rest)) = file.split_once('/') else { continue };
        let Some((name, _)) = rest.split_once('@').filter(|_| of == partition) else { continue };
        let digits = name.as_bytes().chunks_exact(2);
        let byte =
            |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).expect("digits"), 16).expect("digits");
        files.push((digits.map(byte).collect(), file));
    }
    Ok(files)
}

impl Storage for Machine {
    type Blob = File;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(File, u64, BlobVersion), Error> {
        let disk = &self.host.disk;
        let names = disk.names()?;
        let found = (versions.start().get()..=versions.end().get())
            .map(|version| (BlobVersion::new(version), file_name(partition, name, BlobVersion::new(version))))
            .find(|(_, file)| names.contains(file));
        let (version, file) = match found {
            Some((version, file)) => (version, disk.open_for_writing(&file)?),
            None => {
                let file = disk.open_for_writing(&file_name(partition, name, *versions.end()))?;
                disk.sync_names()?;
                (*versions.end(), file)
            }
        };
        // What is read after opening must be durable.
        file.sync()?;
        let length = file.length()?;
        Ok((File(file), length, version))
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        let disk = &self.host.disk;
        let files = files(disk, partition)?;
        if files.is_empty() {
            return Err(Error::PartitionMissing(partition.into()));
        }
        for (of, file) in files {
            if name.is_none_or(|name| name == of) {
                disk.remove(&file)?;
            }
        }
        Ok(disk.sync_names()?)
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        let files = files(&self.host.disk, partition)?;
        if files.is_empty() {
            return Err(Error::PartitionMissing(partition.into()));
        }
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }
}

/// A blob of the engine.
pub(crate) struct File(Box<dyn DiskFile>);

impl Blob for File {
    async fn read_at_buf(
        &self,
        offset: u64,
        length: usize,
        into: impl Into<IoBufsMut> + Send,
        _: ReadOptions,
    ) -> Result<IoBufsMut, Error> {
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::BlobInsufficientLength,
            _ => error.into(),
        })?;
        let mut into = into.into();
        if into.len() == length {
            into.copy_from_slice(&bytes);
        } else {
            assert!(into.is_empty(), "a buffer is empty or as long as what is read");
            into.put_slice(&bytes);
        }
        Ok(into)
    }

    async fn read_at(&self, offset: u64, length: usize, options: ReadOptions) -> Result<IoBufsMut, Error> {
        self.read_at_buf(offset, length, IoBufMut::with_capacity(length), options).await
    }

    async fn write_at(&self, offset: u64, bytes: impl Into<IoBufs> + Send, options: WriteOptions) -> Result<(), Error> {
        let bytes = bytes.into().coalesce();
        if bytes.as_ref().is_empty() {
            return Ok(());
        }
        self.0.write_all_at(bytes.as_ref(), offset)?;
        if options.contains(WriteOptions::SYNC) { Ok(self.0.sync()?) } else { Ok(()) }
    }

    async fn resize(&self, length: u64) -> Result<(), Error> {
        Ok(self.0.cut(length)?)
    }

    async fn sync(&self) -> Result<(), Error> {
        Ok(self.0.sync()?)
    }

    async fn start_sync(&self) -> Handle<()> {
        Handle::ready(self.0.sync().map_err(Error::from))
    }
}
