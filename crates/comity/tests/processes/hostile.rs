//! A node that does what it likes: it speaks the protocol of the engine, with a key of the charter or one of its own, and sends on a
//! channel whatever it is told to.

use commonware_codec::DecodeExt as _;
use commonware_cryptography::ed25519::{PrivateKey, PublicKey};
use commonware_cryptography::{ChaCha20Poly1305, Signer as _};
use commonware_p2p::authenticated::lookup;
use commonware_p2p::{Address, AddressableManager as _, Recipients, Sender as _};
use commonware_runtime::{Clock as _, IoBuf, IoBufs, Quota, Runner as _, Supervisor as _, tokio};
use commonware_stream::cups::{self, Cups};
use commonware_stream::sake::{self, Sake};
use commonware_utils::ordered::Map;
use commonware_utils::{NZU32, NZUsize};
use keys::key_file;
use processes::{Group, PASSPHRASE};
use std::time::{Duration, Instant};

/// Channels of `network`, see its `consensus/tcp.rs`.
pub const VOTES: u64 = 0;
pub const BLOCKS: u64 = 4;
pub const BATCHES: u64 = 5;
const CHANNELS: u64 = 7;

/// It takes messages of any length.
const MESSAGE_BYTES_MAX: u32 = 64 << 20;

/// The secret key of a member's node.
pub fn node_key(group: &Group, node: usize) -> [u8; 32] {
    let key = key_file::read_node(&group.home(node).join("keys/node.key"), PASSPHRASE).unwrap();
    **key.secret()
}

fn private(key: &[u8; 32]) -> PrivateKey {
    PrivateKey::decode(IoBuf::from(key.to_vec())).unwrap()
}

/// Takes the place of node `place` with a key, and for so long sends to `victims` on a channel what `message` makes of a number that
/// counts up, so many a second at most. Returns how many messages
/// went out to connections that were there.
pub fn send(
    group: &Group,
    (place, key): (usize, [u8; 32]),
    victims: &[usize],
    channel: u64,
    (per_second, time): (u32, Duration),
    mut message: impl FnMut(u64) -> Vec<u8> + Send,
) -> u64 {
    let sake = Sake {
        signer: private(&key),
        synchrony_bound: Duration::from_secs(10),
        max_handshake_age: Duration::from_secs(30),
        version: sake::Version::V1,
    };
    let namespace = [&b"comity consensus v1"[..], &group.charter.hash()].concat();
    let listen = group.node_address(place);
    let mut config = lookup::Config::local(
        Cups::<_, ChaCha20Poly1305>::new(sake, cups::Version::V1),
        &namespace,
        listen,
        NZUsize!(256),
        MESSAGE_BYTES_MAX,
        NZUsize!(1_024),
    );
    config.bypass_ip_check = true;
    config.dial_frequency = Duration::from_millis(100);
    let mut addresses: Vec<(PublicKey, Address)> = vec![(private(&key).public_key(), listen.into())];
    for victim in victims {
        let public = private(&node_key(group, *victim)).public_key();
        addresses.push((public, group.node_address(*victim).into()));
    }
    let addresses = Map::try_from(addresses).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let runner = tokio::Config::new().with_storage_directory(directory.path()).with_worker_threads(1);
    tokio::Runner::new(runner).start(|context| async move {
        let (mut network, mut oracle) = lookup::Network::new(context.child("network"), config);
        oracle.track(0, addresses);
        // All of them: what comes on a channel that is not there ends a connection. More a second than any honest node sends.
        let mut ends: Vec<_> =
            (0..CHANNELS).map(|number| network.register(number, Quota::per_second(NZU32!(2_000)))).collect();
        let sender = &mut ends[channel as usize].0;
        let network = network.start();
        let (begun, mut count, mut sent) = (Instant::now(), 0, 0);
        while begun.elapsed() < time {
            let bytes = message(count);
            count += 1;
            sent += sender.send(Recipients::All, IoBufs::from(bytes), false).len() as u64;
            context.sleep(Duration::from_secs(1) / per_second).await;
        }
        network.abort();
        sent
    })
}
