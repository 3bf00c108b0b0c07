//! How many details one core seals and opens a second, and what opening a key file costs:
//!
//! ```sh
//! cargo run --release -p keys --example seal_speed
//! ```

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use keys::{Context, Detail, MemberKey, Side, WorkFactor, key_file, seal, system_random, verify};

const MEASURE: Duration = Duration::from_secs(3);

fn main() {
    let (debtor, creditor) = (MemberKey::from_seed([1; 32]), MemberKey::from_seed([2; 32]));
    let context = Context { union_id: [9; 32], order_id: 1, debtor: 1, creditor: 2 };
    let detail = Detail {
        debtor_name: Some("Lanera del Plata S.A.".into()),
        debtor_account: Some("UY930001".into()),
        creditor_name: Some("Comercial Andina Ltda.".into()),
        creditor_account: Some("CL420002".into()),
        remittance: vec!["Factura 1001".into(), "Lana peinada, segundo envío".into()],
        end_to_end_id: Some("E2E-2006-0001".into()),
        ..Detail::default()
    };
    let mut rng = system_random();
    let sealed = seal::seal(&detail, &context, &debtor.public(), &creditor.public(), &mut rng).expect("seals");
    let content_key = seal::reveal(&sealed, &context, &debtor, Side::Debtor).expect("opens");
    let signature = debtor.sign(&sealed).expect("signs");

    println!("sealed detail: {} bytes", sealed.len());
    rate("seal", || {
        black_box(seal::seal(&detail, &context, &debtor.public(), &creditor.public(), &mut rng).expect("seals"));
    });
    rate("open", || {
        black_box(seal::open(&sealed, &context, &creditor, Side::Creditor).expect("opens"));
    });
    rate("open with content key", || {
        black_box(seal::open_with_content_key(&sealed, &context, &content_key).expect("opens"));
    });
    rate("hash", || {
        black_box(seal::hash(&sealed));
    });
    rate("sign", || {
        black_box(debtor.sign(&sealed).expect("signs"));
    });
    rate("verify", || {
        verify(&debtor.public().signing, &sealed, &signature).expect("verifies");
    });
    let text = key_file::encode(&debtor, "passphrase", WorkFactor::DEFAULT, &mut rng).expect("encodes");
    rate("open key file, default work factor", || {
        black_box(key_file::decode(&text, "passphrase").expect("opens"));
    });
}

fn rate(what: &str, mut work: impl FnMut()) {
    let start = Instant::now();
    let mut done = 0u32;
    while start.elapsed() < MEASURE {
        work();
        done += 1;
    }
    let each = start.elapsed() / done;
    println!("{what}: {:.0}/s ({each:.1?} each)", 1.0 / each.as_secs_f64());
}
