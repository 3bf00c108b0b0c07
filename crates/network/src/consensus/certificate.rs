//! Quorum certificates: what makes a block final, and checking one offline.

use super::{Digest, PublicKey, Scheme};
use bytes::Bytes;
use commonware_codec::{Decode as _, DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::Finalization;
use commonware_cryptography::certificate::Verifier as _;
use commonware_parallel::Sequential;
use commonware_utils::ordered::Set;
use union::{Charter, Hash, MEMBERS_MAX};

pub(crate) type Certificate = Finalization<Scheme, Digest>;

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The charter names no nodes that could have signed.
    #[error("the charter names no nodes: its blocks have no certificates")]
    NoNodes,
    /// Not the bytes of a certificate.
    #[error("not a certificate: {0}")]
    Format(String),
    /// It is about another block.
    #[error("the certificate is for another block")]
    OtherBlock,
    /// Too few signatures, or wrong ones.
    #[error("the certificate is not signed by a quorum of the members' nodes")]
    Signatures,
}

/// The nodes that vote on blocks: by their keys, which the charter names.
#[derive(Clone, Debug)]
pub struct Nodes {
    keys: Set<PublicKey>,
    verifier: Scheme,
    namespace: Vec<u8>,
}

impl Nodes {
    /// The nodes that a charter names; `None` if it names none, and one node orders alone.
    pub fn of(charter: &Charter) -> Option<Nodes> {
        let keys: Vec<[u8; 32]> = charter.members.iter().filter_map(|member| member.node_key).collect();
        Nodes::new(&charter.hash(), &keys)
    }

    /// The nodes with these keys, in a union with this identity; `None` if there are none, or what is given is no key.
    pub fn new(union: &Hash, keys: &[[u8; 32]]) -> Option<Nodes> {
        let keys: Option<Vec<PublicKey>> = keys.iter().map(public_key).collect();
        let keys = Set::from_iter_dedup(keys?);
        let namespace = namespace(union);
        let verifier = Scheme::verifier(&namespace, keys.clone());
        (!keys.is_empty()).then_some(Nodes { keys, verifier, namespace })
    }

    /// Their public keys, in the order that numbers them in certificates.
    pub(crate) fn keys(&self) -> &Set<PublicKey> {
        &self.keys
    }

    /// What is signed is signed for this union and this purpose alone.
    pub(crate) fn namespace(&self) -> &[u8] {
        &self.namespace
    }

    /// Checks that a quorum (more than two thirds) of the nodes has signed that a block is final.
    ///
    /// # Errors
    ///
    /// [`CertificateError`]: the block is not proved final by this.
    pub fn check(&self, certificate: &[u8], block: &Hash) -> Result<(), CertificateError> {
        let certificate = decode(certificate, &self.verifier)?;
        if certificate.proposal.payload.0 != *block {
            return Err(CertificateError::OtherBlock);
        }
        let is_signed = certificate.verify(&mut rand_core::UnwrapErr(getrandom::SysRng), &self.verifier, &Sequential);
        if is_signed { Ok(()) } else { Err(CertificateError::Signatures) }
    }
}

/// What is signed is signed for this union and this purpose alone.
pub(crate) fn namespace(union: &Hash) -> Vec<u8> {
    [b"comity consensus v1", union.as_slice()].concat()
}

/// A key as the engine has it.
pub(crate) fn public_key(key: &[u8; 32]) -> Option<PublicKey> {
    PublicKey::decode(Bytes::copy_from_slice(key)).ok()
}

/// Reads a certificate by the nodes of a scheme, whose signatures are not checked.
pub(crate) fn decode(certificate: &[u8], nodes: &Scheme) -> Result<Certificate, CertificateError> {
    let certificate = Certificate::decode_cfg(Bytes::copy_from_slice(certificate), &nodes.certificate_codec_config());
    certificate.map_err(|error| CertificateError::Format(error.to_string()))
}

/// Reads a certificate of any epoch, whose signatures are not checked.
pub(crate) fn decode_any(certificate: &[u8]) -> Result<Certificate, CertificateError> {
    let certificate = Certificate::decode_cfg(Bytes::copy_from_slice(certificate), &MEMBERS_MAX);
    certificate.map_err(|error| CertificateError::Format(error.to_string()))
}

/// A certificate's bytes.
pub(crate) fn encode(certificate: &Certificate) -> Vec<u8> {
    certificate.encode().into()
}
