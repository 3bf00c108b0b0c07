//! Keys in tokens of SoftHSM 2, each test in a process and a token directory of its own: SoftHSM learns from its environment
//! where its tokens are. Skipped where SoftHSM is not installed, unless `COMITY_SOFTHSM_REQUIRED` is set.

use cryptoki::context::Pkcs11;
use cryptoki::session::UserType;
use keys::key_file::{self, KeyTextError};
use keys::token::{PinTries, TokenError};
use keys::{MemberKey, TokenAddress, TokenKey, WorkFactor, verify};
use std::path::{Path, PathBuf};
use std::process::Command;
use zeroize::Zeroizing;

const PIN: &str = "1234";
const OWN_DIRECTORY: &str = "COMITY_TEST_TOKEN_DIRECTORY";
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

/// A key on P-256, for tests: what no signature of a member is made with.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq7GO0D6e8n4/1OZD
QjQEwCyNI9Gz5YWbA3Hj7CeiviyhRANCAAQ7FD/Kerq5yUHrgC3C190Wu8HxVo93
fRA9a9LDO6x6GWbq2aBGNEu/dMv4WYYn09rtifR20I3v2iU5LJ2GI2fX
-----END PRIVATE KEY-----
";

/// A directory with tokens in it.
struct Tokens(PathBuf);

impl Tokens {
    fn address(&self, of_key: &str) -> TokenAddress {
        let module = module().expect("it was looked for before");
        format!("pkcs11:token=Bank;{of_key}?module-path={module}&sealing-key=none").parse().unwrap()
    }

    fn generate(&self, of_key: &str) -> Result<TokenKey, TokenError> {
        TokenKey::generate(&self.address(of_key), pin(PIN))
    }

    fn open(&self, of_key: &str) -> Result<TokenKey, TokenError> {
        TokenKey::open(&self.address(of_key), pin(PIN))
    }

    fn away(&self) -> PathBuf {
        self.0.join("away")
    }

    fn go(&self) {
        std::fs::rename(self.0.join("tokens"), self.away()).unwrap();
        std::fs::create_dir(self.0.join("tokens")).unwrap();
    }

    fn come_back(&self) {
        std::fs::remove_dir(self.0.join("tokens")).unwrap();
        std::fs::rename(self.away(), self.0.join("tokens")).unwrap();
    }
}

fn pin(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

fn module() -> Option<&'static str> {
    MODULES.into_iter().find(|path| Path::new(path).exists())
}

fn tool(arguments: &[&str]) {
    let output = Command::new("softhsm2-util").args(arguments).output().expect("it is installed with the module");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the rest of a test, which is named, in a process of its own with a token named Bank.
fn with_tokens(test: &str, rest: fn(&Tokens)) {
    if let Some(directory) = std::env::var_os(OWN_DIRECTORY) {
        return rest(&Tokens(directory.into()));
    }
    if module().is_none() {
        assert!(std::env::var_os("COMITY_SOFTHSM_REQUIRED").is_none(), "SoftHSM is not installed");
        eprintln!("SKIPPED: SoftHSM is not installed, so no token was tried (Debian: softhsm2)");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (tokens, settings) = (directory.path().join("tokens"), directory.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&settings, text).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", &settings)
        .env(OWN_DIRECTORY, directory.path())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_key_made_in_a_token_signs() {
    with_tokens("a_key_made_in_a_token_signs", |tokens| {
        tool(&["--init-token", "--free", "--label=Bank", "--so-pin=0000", "--pin=1234"]);
        let made = tokens.generate("object=BRA;id=%01").unwrap();
        let signature = made.sign(b"a message").unwrap();
        verify(&made.public(), b"a message", &signature).unwrap();
        assert!(verify(&made.public(), b"another", &signature).is_err());

        // Two keys of a process are logged in together, and found by name or id.
        for of_key in ["object=BRA", "id=%01", "object=BRA;id=%01;type=private"] {
            let opened = tokens.open(of_key).unwrap();
            assert_eq!(opened.public(), made.public());
            assert_eq!(opened.sign(b"a message").unwrap(), signature, "Ed25519 has one signature of a message");
        }

        let sealing = MemberKey::from_seed([7; 32]);
        let randomness = sealing.randomness(b"context");
        let public = sealing.public();
        let key = MemberKey::in_token(made, sealing);
        assert_eq!((key.public().sealing, key.sign(b"a message").unwrap()), (public.sealing, signature));
        assert_ne!(key.public().signing, public.signing);
        assert_eq!(key.randomness(b"context"), randomness);
        let text = key_file::encode(&key, "passphrase", WorkFactor::MINIMUM, &mut keys::system_random());
        assert_eq!(text.unwrap_err(), KeyTextError::InToken);
    });
}

#[test]
fn what_does_not_fit_is_named() {
    with_tokens("what_does_not_fit_is_named", |tokens| {
        let absent = tokens.open("object=BRA").unwrap_err();
        assert!(matches!(&absent, TokenError::NoToken { present, .. } if present == "none"), "{absent}");
        tool(&["--init-token", "--free", "--label=Bank", "--so-pin=0000", "--pin=1234"]);
        let file = tokens.0.join("other.pem");
        std::fs::write(&file, OTHER_KEY).unwrap();
        tool(&["--import", file.to_str().unwrap(), "--token=Bank", "--label=P256", "--id=0a", "--pin=1234"]);

        assert!(matches!(tokens.open("object=BRA").unwrap_err(), TokenError::NoKey { .. }));
        let other = tokens.open("object=P256").unwrap_err();
        assert!(matches!(&other, TokenError::OtherType { found, .. } if found == "CKK_EC"), "{other}");
        tokens.generate("object=BRA").unwrap();
        for taken in ["object=BRA", "object=P256", "object=new;id=%0a"] {
            assert!(matches!(tokens.generate(taken).unwrap_err(), TokenError::Exists { .. }), "{taken}");
        }
        assert_eq!(tokens.generate("id=%0b").unwrap_err(), TokenError::Nameless);
        let no_module: TokenAddress = "pkcs11:object=BRA?module-path=/nowhere.so&sealing-key=none".parse().unwrap();
        let error = TokenKey::open(&no_module, pin(PIN)).unwrap_err();
        assert!(matches!(error, TokenError::Module { .. }), "{error}");

        let refuse = || TokenKey::open(&tokens.address("object=BRA"), pin("4321")).unwrap_err();
        let TokenError::Pin { token, tries } = refuse() else { panic!("{}", refuse()) };
        assert_eq!((token.as_str(), tries), ("Bank", PinTries::Fewer));
        tokens.open("object=BRA").unwrap();

        tool(&["--init-token", "--free", "--label=Bank", "--so-pin=0000", "--pin=1234"]);
        let many = tokens.open("object=BRA").unwrap_err();
        assert!(matches!(many, TokenError::ManyTokens { found: 2, .. }), "{many}");
    });
}

#[test]
fn a_token_that_goes_is_found_again() {
    with_tokens("a_token_that_goes_is_found_again", |tokens| {
        tool(&["--init-token", "--free", "--label=Bank", "--so-pin=0000", "--pin=1234"]);
        let key = tokens.generate("object=BRA").unwrap();
        let signature = key.sign(b"a message").unwrap();
        tokens.go();
        for _ in 0..2 {
            let gone = key.sign(b"a message").unwrap_err();
            assert!(matches!(gone, TokenError::NoToken { .. }), "{gone}");
        }
        tokens.come_back();
        assert_eq!(key.sign(b"a message").unwrap(), signature);

        // It comes back with another PIN: that is asked for once, so that the token is not locked.
        let module = Pkcs11::new(module().unwrap()).unwrap();
        let slot = module.get_slots_with_initialized_token().unwrap()[0];
        let session = module.open_rw_session(slot).unwrap();
        match session.login(UserType::User, Some(&PIN.to_owned().into())) {
            Ok(()) | Err(cryptoki::error::Error::Pkcs11(cryptoki::error::RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => panic!("{error}"),
        }
        session.set_pin(&PIN.to_owned().into(), &"5678".to_owned().into()).unwrap();
        drop(session);
        tokens.go();
        assert!(matches!(key.sign(b"a message").unwrap_err(), TokenError::NoToken { .. }));
        tokens.come_back();
        let refused = key.sign(b"a message").unwrap_err();
        assert!(matches!(refused, TokenError::Pin { tries: PinTries::Fewer, .. }), "{refused}");
        for _ in 0..100 {
            assert!(matches!(key.sign(b"a message").unwrap_err(), TokenError::PinChanged { .. }));
        }
        let again = TokenKey::open(&tokens.address("object=BRA"), pin("5678")).unwrap();
        assert_eq!(again.sign(b"a message").unwrap(), signature);
    });
}
