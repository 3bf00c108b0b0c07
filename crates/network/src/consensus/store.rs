//! Final blocks and their certificates, as the engine asks for them: the last ones from archives of its own, all before from the journal.
//!
//! The engine keeps a block that is final until it is applied, and a little longer. From then on the journal has it, for this node and
//! for others that are behind. So the archives are short, and where one cannot be read, after a disk lost what it had said was written,
//! both are made anew: what is not in the journal yet is with other nodes.

use super::candidate::Candidate;
use super::certificate::{self, Certificate};
use super::{Digest, Scheme};
use crate::node::Shared;
use crate::record::{self, Record};
use commonware_codec::CodecShared;
use commonware_consensus::marshal::store::{Blocks, Certificates};
use commonware_consensus::types::Height;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Clock, Handle, Metrics, Storage};
use commonware_storage::archive::{Archive as _, Error, Identifier, prunable};
use commonware_storage::translator::EightCap;
use commonware_utils::NZU64;
use journal::Reader;
use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use union::{Batch, Hash, MEMBERS_MAX};

/// So many blocks below the last one that was applied stay in the archives.
pub(crate) const KEPT: u64 = if cfg!(test) { 8 } else { 256 };

/// Blocks that the archives forget at once.
pub(crate) const SECTION: NonZeroU64 = if cfg!(test) { NZU64!(4) } else { NZU64!(64) };

/// Parents of so many blocks are remembered by their hashes: who follows the chain backwards asks for them next.
const WALKED: usize = 1_024;

type Archive<E, V> = prunable::Archive<EightCap, E, Digest, V>;

/// What the journal has of the blocks that were applied.
pub(crate) struct Past {
    shared: Arc<Shared>,
    journal: Reader,
    walked: Mutex<VecDeque<(Digest, u64)>>,
}

impl Past {
    pub fn new(shared: Arc<Shared>, journal: Reader) -> Past {
        Past { shared, journal, walked: Mutex::default() }
    }

    /// Has a block be found by its hash.
    pub fn remember(&self, digest: Digest, height: u64) {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        if walked.iter().any(|(known, _)| *known == digest) {
            return;
        }
        if walked.len() == WALKED {
            walked.pop_front();
        }
        walked.push_back((digest, height));
    }

    fn height(&self, id: &Identifier<'_, Digest>) -> Option<u64> {
        match id {
            Identifier::Index(height) => Some(*height),
            Identifier::Key(digest) => {
                let walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
                walked.iter().find(|(known, _)| known == *digest).map(|(_, height)| *height)
            }
        }
    }

    fn record(&self, height: u64) -> Option<Record> {
        if height <= self.shared.begins || height > self.shared.durable.get() {
            return None;
        }
        let read = self.journal.block(height).map_err(crate::error::NodeError::from);
        let record = read.and_then(|block| record::decode(height, &block.payload, Batch::from_journal));
        record
            .inspect_err(|error| tracing::error!(%error, height, "the journal could not be read for another node"))
            .ok()
    }

    fn block(&self, height: u64) -> Option<Candidate> {
        let block = self.record(height)?.block;
        self.remember(Digest(block.header().parent), height - 1);
        Some(Candidate::Block(block))
    }

    fn certificate(&self, height: u64) -> Option<Certificate> {
        let certificate = self.record(height)?.certificate;
        (!certificate.is_empty()).then(|| certificate::decode_any(&certificate).ok()).flatten()
    }
}

/// Final blocks.
pub(crate) struct BlockStore<E: Storage + Metrics + Clock> {
    recent: Archive<E, Arc<Candidate>>,
    past: Arc<Past>,
}

/// Certificates over final blocks.
pub(crate) struct CertificateStore<E: Storage + Metrics + Clock> {
    recent: Archive<E, Certificate>,
    past: Arc<Past>,
}

/// Opens both.
///
/// # Errors
///
/// [`Error`]: the disk can neither be read nor written.
pub(crate) async fn open<E: Storage + Metrics + Clock>(
    context: &E,
    pages: &CacheRef,
    union: Hash,
    past: Arc<Past>,
) -> Result<(CertificateStore<E>, BlockStore<E>), Error> {
    let mut tries = 0;
    loop {
        let certificates = whole(context.child("certificates"), config("certificates", pages, MEMBERS_MAX)).await;
        let blocks = whole(context.child("blocks"), config("blocks", pages, union)).await;
        match (certificates, blocks) {
            (Ok(certificates), Ok(blocks)) => {
                let certificates = CertificateStore { recent: certificates, past: past.clone() };
                return Ok((certificates, BlockStore { recent: blocks, past }));
            }
            (Err(error), _) | (_, Err(error)) if tries > 0 => return Err(error),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "the engine's copies of the last final blocks cannot be read, and are made anew");
            }
        }
        tries += 1;
        for partition in ["certificates", "blocks"].iter().flat_map(|name| partitions(name)) {
            // There may be none.
            drop(context.remove(&partition, None).await);
        }
    }
}

/// An archive in which everything can be read.
async fn whole<E: Storage + Metrics + Clock, V: CodecShared>(
    context: E,
    config: prunable::Config<EightCap, V::Cfg>,
) -> Result<Archive<E, V>, Error> {
    let archive: Archive<E, V> = prunable::Archive::init(context, config).await?;
    for (first, last) in archive.ranges_from(0).collect::<Vec<_>>() {
        for index in first..=last {
            archive.get(Identifier::Index(index)).await?;
        }
    }
    Ok(archive)
}

fn partitions(name: &str) -> [String; 3] {
    ["metadata", "keys", "values"].map(|part| format!("{name}-{part}"))
}

fn config<C>(name: &str, pages: &CacheRef, codec_config: C) -> prunable::Config<EightCap, C> {
    let [metadata_partition, key_partition, value_partition] = partitions(name);
    prunable::Config {
        translator: EightCap,
        metadata_partition,
        key_partition,
        key_page_cache: pages.clone(),
        value_partition,
        compression: None,
        codec_config,
        items_per_section: SECTION,
        key_write_buffer: super::epochs::BUFFER,
        value_write_buffer: super::epochs::BUFFER,
        replay_buffer: super::epochs::BUFFER,
    }
}

impl<E: Storage + Metrics + Clock> Blocks for BlockStore<E> {
    type Block = Arc<Candidate>;
    type Error = Error;

    async fn put(self, digest: Digest, block: &Arc<Candidate>) -> Result<Self, Error> {
        Ok(BlockStore { recent: Blocks::put(self.recent, digest, block).await?, ..self })
    }

    async fn sync(self) -> Result<Self, Error> {
        Ok(BlockStore { recent: Blocks::sync(self.recent).await?, ..self })
    }

    async fn start_sync(self) -> Result<(Self, Handle<()>), Error> {
        let (recent, handle) = Blocks::start_sync(self.recent).await?;
        Ok((BlockStore { recent, ..self }, handle))
    }

    async fn get(&self, id: Identifier<'_, Digest>) -> Result<Option<Arc<Candidate>>, Error> {
        let height = self.past.height(&id);
        Ok(match Blocks::get(&self.recent, id).await? {
            Some(block) => Some(block),
            None => height.and_then(|height| self.past.block(height)).map(Arc::new),
        })
    }

    async fn prune(self, min: Height) -> Result<Self, Error> {
        Ok(BlockStore { recent: Blocks::prune(self.recent, min).await?, ..self })
    }

    fn missing_items(&self, start: Height, max: usize) -> Vec<Height> {
        Blocks::missing_items(&self.recent, start, max)
    }

    fn next_gap(&self, value: Height) -> (Option<Height>, Option<Height>) {
        Blocks::next_gap(&self.recent, value)
    }

    fn last_index(&self) -> Option<Height> {
        Blocks::last_index(&self.recent)
    }
}

impl<E: Storage + Metrics + Clock> Certificates for CertificateStore<E> {
    type BlockDigest = Digest;
    type Commitment = Digest;
    type Scheme = Scheme;
    type Error = Error;

    async fn put(self, height: Height, digest: Digest, certificate: &Certificate) -> Result<Self, Error> {
        Ok(CertificateStore { recent: Certificates::put(self.recent, height, digest, certificate).await?, ..self })
    }

    async fn sync(self) -> Result<Self, Error> {
        Ok(CertificateStore { recent: Certificates::sync(self.recent).await?, ..self })
    }

    async fn start_sync(self) -> Result<(Self, Handle<()>), Error> {
        let (recent, handle) = Certificates::start_sync(self.recent).await?;
        Ok((CertificateStore { recent, ..self }, handle))
    }

    async fn get(&self, id: Identifier<'_, Digest>) -> Result<Option<Certificate>, Error> {
        let height = self.past.height(&id);
        Ok(match Certificates::get(&self.recent, id).await? {
            Some(certificate) => Some(certificate),
            None => height.and_then(|height| self.past.certificate(height)),
        })
    }

    async fn has(&self, height: Height) -> Result<bool, Error> {
        Certificates::has(&self.recent, height).await
    }

    async fn prune(self, min: Height) -> Result<Self, Error> {
        Ok(CertificateStore { recent: Certificates::prune(self.recent, min).await?, ..self })
    }

    fn last_index(&self) -> Option<Height> {
        Certificates::last_index(&self.recent)
    }

    fn ranges_from(&self, from: Height) -> impl Iterator<Item = (Height, Height)> {
        Certificates::ranges_from(&self.recent, from)
    }
}
