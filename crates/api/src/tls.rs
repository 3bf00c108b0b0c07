//! TLS for the node's HTTP: the certificate that a node shows, and the certificates that a client trusts.
//!
//! It is `rustls`, on the cryptography that the engine brings anyway (`aws-lc-rs`), so there is one in the program. A client trusts what
//! the machine trusts, and not a list in the program that ages with it, or what it is told to trust alone.

use keys::key_file::{KeyFileError, read_private};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};
use x509_cert::der::Decode;

/// The longest PEM file that is read, in bytes.
const PEM_BYTES_MAX: usize = 1 << 20;

/// A certificate with its private key, to serve with. Clones are one: what is read again counts for all of them.
#[derive(Clone, Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    pair: Arc<RwLock<Pair>>,
}

/// What was last read from the two files.
#[derive(Clone, Debug)]
struct Pair {
    config: Arc<ServerConfig>,
    expires_ms: u64,
}

/// Why a certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate file that cannot be read.
    #[error("cannot read {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A key file that cannot be read, or that others can read, too.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A file that does not hold what it should.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate and a key that are not for each other, or of a kind that is not known.
    #[error("{certificate} and {key} cannot be used together: {error}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        error: rustls::Error,
    },
}

/// The one cryptography that TLS is done with; the engine has the same.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The certificates in a PEM file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let io = |error| TlsError::Io { path: path.into(), error };
    let content = |problem: String| TlsError::Content { path: path.into(), problem };
    let mut pem = Vec::new();
    File::open(path).map_err(io)?.take(PEM_BYTES_MAX as u64 + 1).read_to_end(&mut pem).map_err(io)?;
    if pem.len() > PEM_BYTES_MAX {
        return Err(content(format!("is longer than {PEM_BYTES_MAX} bytes")));
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| content(format!("is not PEM: {error}")))?;
    if found.is_empty() {
        return Err(content("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".into()));
    }
    Ok(found)
}

impl Pair {
    fn read(certificate: &Path, key: &Path) -> Result<Pair, TlsError> {
        let chain = certificates(certificate)?;
        let own = x509_cert::Certificate::from_der(&chain[0]).map_err(|error| TlsError::Content {
            path: certificate.into(),
            problem: format!("its first certificate is not X.509: {error}"),
        })?;
        let expires = own.tbs_certificate().validity().not_after.to_unix_duration();
        let pem = read_private(key, PEM_BYTES_MAX)?;
        let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| TlsError::Content {
            path: key.into(),
            problem: format!("holds no private key in PEM without a passphrase: {error}"),
        })?;
        let pair = |error| TlsError::Pair { certificate: certificate.into(), key: key.into(), error };
        let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13, &TLS12]);
        let config = config.map_err(pair)?.with_no_client_auth().with_single_cert(chain, private);
        let mut config = config.map_err(pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let expires_ms = u64::try_from(expires.as_millis()).unwrap_or(u64::MAX);
        Ok(Pair { config: Arc::new(config), expires_ms })
    }
}

impl Tls {
    /// Reads a chain of certificates, the node's own first, and the key of that one; both PEM. TLS 1.3 and 1.2 are spoken.
    ///
    /// # Errors
    ///
    /// [`TlsError`] names the file; also where others than its owner can reach the key.
    pub fn read(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let pair = Arc::new(RwLock::new(Pair::read(certificate, key)?));
        Ok(Tls { certificate: certificate.into(), key: key.into(), pair })
    }

    /// Reads both files again, for the connections that come from now on; those that are open stay.
    ///
    /// # Errors
    ///
    /// As [`Tls::read`]; then what was read before stays in use.
    pub fn read_again(&self) -> Result<(), TlsError> {
        let pair = Pair::read(&self.certificate, &self.key)?;
        *self.pair.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(())
    }

    fn pair(&self) -> Pair {
        self.pair.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the node's own certificate expires, in Unix milliseconds.
    pub fn expires_ms(&self) -> u64 {
        self.pair().expires_ms
    }

    /// How long the certificate can still be used at a time in Unix milliseconds; nothing where it has expired.
    pub fn left(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.expires_ms().saturating_sub(now_ms))
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.pair().config)
    }
}

/// Certificates that a client trusts: of authorities, or a node's own.
#[derive(Clone, Debug)]
pub struct Trusted(pub(crate) Vec<CertificateDer<'static>>);

impl Trusted {
    /// Reads them from a PEM file.
    ///
    /// # Errors
    ///
    /// [`TlsError`] names the file.
    pub fn read(path: &Path) -> Result<Trusted, TlsError> {
        certificates(path).map(Trusted)
    }
}
