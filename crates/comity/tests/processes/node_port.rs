//! The port for the other nodes, from outside and from within: what is not in order is refused and counted, and does no harm.

use crate::honest::{Honest, metric, started};
use crate::hostile::{BATCHES, BLOCKS, VOTES, node_key, send};
use processes::{Group, Signing};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::net::TcpSocket;

/// Where an attacker comes from: not from the addresses of honest nodes, since a node takes few handshakes a second from one address.
const ELSEWHERE: &str = "127.200.0.1:0";

/// A node gives up a handshake within this time (5 s), on a machine that is busy.
const HANDSHAKE_IS_OVER: Duration = Duration::from_secs(20);

/// Connects, unless the node closes the connection before that is known here.
fn connect(from: &str, to: SocketAddr) -> Option<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(from.parse().unwrap()).unwrap();
        socket.connect(to).await
    });
    let stream = match stream {
        Ok(stream) => stream.into_std().unwrap(),
        Err(error) if is_end(&error) => return None,
        Err(error) => panic!("cannot connect: {error}"),
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(HANDSHAKE_IS_OVER)).unwrap();
    Some(stream)
}

fn is_end(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// Waits until the node has closed a connection, whatever it said before.
fn is_closed(mut stream: TcpStream) {
    let mut said = [0; 1 << 10];
    loop {
        match stream.read(&mut said) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if is_end(&error) => return,
            Err(error) => panic!("the node has not closed the connection: {error}"),
        }
    }
}

#[test]
fn strangers_are_cut_off() {
    let group = started(&[0, 1, 2, 3]);
    let mut honest = Honest::begin(&group, &[0, 1, 2, 3], 1);
    let victim = group.node_address(0);
    honest.while_attacked(|| {
        // No handshake, frames that claim four gigabytes, and what other protocols begin with.
        let beginnings: [&[u8]; 5] = [
            &[0xff; 4_096],
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0; 4_096],
            b"GET / HTTP/1.1\r\n\r\n",
            &[0x16, 3, 1, 2, 0],
        ];
        for beginning in beginnings {
            let Some(mut stream) = connect(ELSEWHERE, victim) else { continue };
            // It may be closed already.
            let _ = stream.write_all(beginning);
            is_closed(stream);
        }
        // Hundreds that say a little, or nothing, and wait.
        let held: Vec<TcpStream> = (0..400)
            .filter_map(|number| {
                let mut stream = connect(&format!("127.201.{}.1:0", number % 8), victim)?;
                if number % 2 == 0 {
                    let _ = stream.write_all(&[64]);
                }
                Some(stream)
            })
            .collect();
        held.into_iter().for_each(is_closed);
    });
}

#[test]
fn a_key_that_is_not_in_the_charter_is_no_peer() {
    // Were it taken for the node that is down, four would be connected.
    let group = started(&[0, 1, 2]);
    let mut honest = Honest::begin(&group, &[0, 1, 2], 1);
    honest.while_attacked(|| {
        let sent = send(&group, (3, [7; 32]), &[0, 1, 2], BATCHES, (100, Duration::from_secs(4)), |_| vec![0; 512]);
        assert_eq!(sent, 0, "somebody took it for a peer");
    });
    for node in 0..3 {
        assert_eq!(metric(&group, node, "comity_nodes_connected", ""), 3);
        assert_eq!(metric(&group, node, "comity_peer_messages_refused_total", ""), 0);
    }
}

/// What came of it when a member's own node sent to the others what it should not.
struct Flooded {
    group: Group,
    /// Messages that the others let it send.
    sent: u64,
}

impl Flooded {
    fn with(channel: u64, message: impl Fn(&Group, u64) -> Vec<u8> + Sync) -> Flooded {
        let group = started(&[0, 1, 2]);
        let mut honest = Honest::begin(&group, &[0, 1, 2], 1);
        let (key, mut sent) = (node_key(&group, 3), 0);
        honest.while_attacked(|| {
            let pace = (500, Duration::from_secs(5));
            sent = send(&group, (3, key), &[0, 1, 2], channel, pace, |number| message(&group, number));
        });
        Flooded { group, sent }
    }

    /// A figure of all three.
    fn sum(&self, name: &str) -> u64 {
        (0..3).map(|node| metric(&self.group, node, name, "")).sum()
    }
}

#[test]
fn a_flood_of_invalid_batches_from_a_member_is_refused() {
    let flooded = Flooded::with(BATCHES, |group, number| {
        let mut batch = Signing::new(group, 3).next(1 + number as usize % 50).unwrap().1;
        let length = batch.len();
        match number % 4 {
            // The signature, the union, the length, an amount.
            0 => batch[128] ^= 1,
            1 => batch[8] ^= 1,
            2 => batch.truncate(length - 1),
            _ => batch[256 + 48] ^= 1,
        }
        batch
    });
    let refused = flooded.sum("comity_peer_messages_refused_total");
    assert!(flooded.sent > 100 && refused > 100, "{refused} of {} were counted", flooded.sent);
}

#[test]
fn garbage_about_blocks_is_refused() {
    let flooded = Flooded::with(BLOCKS, |_, number| vec![number as u8 % 4; 1 + number as usize % 5_000]);
    let refused = flooded.sum("comity_peer_messages_refused_total");
    assert!(flooded.sent > 100 && refused > 100, "{refused} of {} were counted", flooded.sent);
}

/// The engine has nothing to do any more with whoever sends it what is no vote.
#[test]
fn garbage_instead_of_votes_cuts_the_sender_off() {
    // Votes of the first four epochs, says the first byte: nobody looks at those of an epoch that is over, and one may end meanwhile.
    let garbage = |number: u64| [vec![number as u8 % 4], vec![number as u8; 1 + number as usize % 2_000]].concat();
    let flooded = Flooded::with(VOTES, |_, number| garbage(number));
    assert!((1..100).contains(&flooded.sent), "{} messages were taken", flooded.sent);
    assert_eq!(flooded.sum("comity_nodes_connected"), 3 * 3);
}

#[test]
fn longer_than_any_message_cuts_the_sender_off() {
    // The longest message is one with a block of 16 MiB.
    let flooded = Flooded::with(BATCHES, |_, _| vec![1; 24 << 20]);
    assert!(flooded.sent > 0);
    assert_eq!(flooded.sum("comity_peer_messages_refused_total"), 0, "one was looked at");
}
