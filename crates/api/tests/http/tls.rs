//! TLS: who is trusted, what is refused, and that what is no TLS harms nobody.

use crate::harness::{Server, order, people, problem};
use api::client::{Client, ClientError};
use api::{Bounds, Tls, TlsError, Trusted};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned};

/// A certificate of its own for some names, and its key, as files.
struct Made {
    directory: TempDir,
}

impl Made {
    fn of(names: &[&str]) -> Made {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let directory = TempDir::new().unwrap();
        let files = Made { directory };
        std::fs::write(files.certificate(), made.cert.pem()).unwrap();
        std::fs::write(files.key(), made.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(files.key(), PermissionsExt::from_mode(0o600)).unwrap();
        files
    }

    fn certificate(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    fn tls(&self) -> Tls {
        Tls::read(&self.certificate(), &self.key()).unwrap()
    }

    fn trusted(&self) -> Trusted {
        Trusted::read(&self.certificate()).unwrap()
    }

    /// A connection that only speaks this version of TLS.
    fn connect(
        &self,
        server: &Server,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.certificate()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(connection, TcpStream::connect(server.address).unwrap())
    }
}

fn here() -> Made {
    Made::of(&["localhost", "127.0.0.1"])
}

fn with_tls(made: &Made, bounds: Bounds) -> Server {
    Server::with_tls(people(), bounds, Some(made.tls()))
}

fn url(server: &Server) -> String {
    format!("https://{}", server.address)
}

/// What a connection is told until it is closed: nothing but TLS's own word why.
fn told(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = Vec::new();
    // The other side may close before it has read everything.
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn the_api_is_the_same_over_tls() {
    let made = here();
    let server = with_tls(&made, Bounds::default());
    let mut client = Client::trusting(&url(&server), &made.trusted());
    assert_eq!(client.union().unwrap().height, 0);
    client.log_in("mia", &crate::harness::operator_key("mia")).unwrap();
    let sent = client.submit_orders(&order("ARG", "USD", "1.00", json!({})), "k").unwrap();
    assert_eq!(sent.orders[0].outcome, "settled");

    for (version, is) in
        [(&rustls::version::TLS12, ProtocolVersion::TLSv1_2), (&rustls::version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut stream = made.connect(&server, version);
        stream.write_all(b"GET /v1/union HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it ends as TLS says, and not as if cut off");
        assert_eq!(stream.conn.protocol_version(), Some(is));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.to_lowercase().contains("\r\nstrict-transport-security: max-age=31536000\r\n"), "{answer}");
    }
    let plain = Server::start().raw_text("GET /v1/union HTTP/1.1").to_lowercase();
    assert!(plain.starts_with("http/1.1 200") && !plain.contains("strict-transport-security"), "{plain}");
}

#[test]
fn a_client_sends_nothing_to_whom_it_does_not_trust() {
    let made = here();
    let server = with_tls(&made, Bounds::default());
    let elsewhere = Made::of(&["comity.example.org"]);
    let misnamed = with_tls(&elsewhere, Bounds::default());
    let clients = [
        ("unknown to this machine", Client::new(&url(&server))),
        ("another certificate", Client::trusting(&url(&server), &here().trusted())),
        ("another name", Client::trusting(&url(&misnamed), &elsewhere.trusted())),
    ];
    for (name, client) in clients {
        for refused in [client.union().map(drop), client.post::<Value>("/v1/commands", &json!({})).map(drop)] {
            match refused {
                Err(ref error @ ClientError::Connect { .. }) => {
                    assert!(
                        !error.is_unknown_outcome() && error.to_string().contains("certificate"),
                        "{name}: {error}"
                    );
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    assert!(Client::trusting(&url(&server), &made.trusted()).union().is_ok());
    // What speaks no TLS at all is no node that is reached by https.
    let plain = Server::start();
    assert!(Client::trusting(&url(&plain), &made.trusted()).union().is_err());
    assert!(plain.client().union().is_ok());
}

#[test]
fn what_is_no_tls_is_closed_and_harms_nobody() {
    let made = here();
    let bounds = Bounds { connections: 8, handshake_timeout: Duration::from_millis(700), ..Bounds::default() };
    let server = with_tls(&made, bounds);
    let client = Client::trusting(&url(&server), &made.trusted());
    client.union().unwrap();
    // The beginning of a client's greeting that says that 16 KiB follow.
    let cut_off = [&[0x16, 3, 1, 0x40, 0][..], &[1, 0, 0x3f, 0xfc], &[0; 100]].concat();
    let garbage: Vec<Vec<u8>> = vec![
        b"GET /v1/union HTTP/1.1\r\nHost: test\r\n\r\n".to_vec(),
        vec![0; 64 << 10],
        vec![0xff; 100],
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00".to_vec(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
    ];
    for bytes in &garbage {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let _ = stream.write_all(bytes);
        let answer = told(stream);
        assert!(!answer.windows(4).any(|part| part == b"HTTP"), "{}", String::from_utf8_lossy(&answer));
        client.union().unwrap();
    }

    // Whoever says nothing, or not enough, is closed in time, and keeps nobody out meanwhile.
    let begun = Instant::now();
    let silent: Vec<_> = (0..40)
        .map(|at| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            if at % 2 == 0 {
                let _ = stream.write_all(&cut_off);
            }
            stream
        })
        .collect();
    for _ in 0..4 {
        Client::trusting(&url(&server), &made.trusted()).union().unwrap();
    }
    silent.into_iter().map(told).for_each(drop);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(problem(client.get::<Value>("/v1/approvals")).status, 401);
}

#[test]
fn a_handshake_under_way_does_not_hold_up_the_end() {
    let made = here();
    let mut server = with_tls(&made, Bounds::default());
    Client::trusting(&url(&server), &made.trusted()).union().unwrap();
    let silent = TcpStream::connect(server.address).unwrap();
    // Taken in once a later one was answered.
    Client::trusting(&url(&server), &made.trusted()).union().unwrap();
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(silent);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let (made, other) = (here(), here());
    let said = |certificate: PathBuf, key: PathBuf| Tls::read(&certificate, &key).unwrap_err();
    let day = 86_400_000;
    let now_ms = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    assert!(made.tls().left(now_ms) > Duration::from_millis(day));
    assert_eq!(made.tls().left(u64::MAX), Duration::ZERO);

    let error = said(made.certificate(), other.key());
    assert!(matches!(error, TlsError::Pair { .. }), "{error}");
    let error = said(made.directory.path().join("none.pem"), made.key());
    assert!(matches!(error, TlsError::Io { .. }) && error.to_string().contains("none.pem"), "{error}");
    let error = said(made.key(), made.key());
    assert!(error.to_string().contains("holds no certificate"), "{error}");
    let error = said(made.certificate(), made.directory.path().to_owned());
    assert!(error.to_string().contains("not a file"), "{error}");
    let wrong = made.directory.path().join("wrong.pem");
    for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n*"]
    {
        std::fs::write(&wrong, text).unwrap();
        let error = said(wrong.clone(), made.key());
        assert!(matches!(error, TlsError::Content { .. }), "{text}: {error}");
        assert!(Trusted::read(&wrong).is_err() || text.contains("AAAA"), "{text}");
    }
    std::fs::write(&wrong, vec![b'-'; (1 << 20) + 1]).unwrap();
    assert!(said(wrong, made.key()).to_string().contains("longer"), "a bound");
    for mode in [0o640, 0o604, 0o666] {
        std::fs::set_permissions(made.key(), PermissionsExt::from_mode(mode)).unwrap();
        let error = said(made.certificate(), made.key());
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    std::fs::set_permissions(other.key(), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(other.key(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        .unwrap();
    assert!(said(other.certificate(), other.key()).to_string().contains("without a passphrase"), "encrypted");
    // Nothing listens there: it is said, and not that a certificate is wrong.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Client::trusting(&format!("https://{free}"), &made.trusted()).union().unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error}");
}
