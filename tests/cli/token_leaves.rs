//! This file takes a set off a token that lets its keys leave: under a new password, which follows the rules.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use ingam::crypto::rsa::PrivateNumbers;
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::secret::SecretBytes;
use ingam::token::NewPair;

use super::softhsm::{self, PIN, SoftHsm};
use super::*;

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_key_that_may_leave_its_token_is_copied_under_a_new_password() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let (sample, set) = hsm.sample("홍길동");
        store_to_leave(hsm, &set.sign);
        let label = format!("R4VID={}", hex(&set.sign.certificate.key_id()));
        store(hsm, sample.random.expose(), &["--type", "data", "--private", "--label", &label]);
        SAMPLES.secret("leave-pin", PIN.as_bytes());
        SAMPLES.secret("weak", b"short1!");
        fs::create_dir(hsm.folder().join("out")).unwrap();
        let out = hsm.folder().join("out").display().to_string();

        let environment = hsm.environment();
        let environment: Vec<_> = environment.iter().map(|(name, path)| (*name, path.to_str().unwrap())).collect();
        let to = format!("dir:{out}");
        let copy = ["copy", "홍길동", "--medium", "token", "--to", &to, "--pin-file", "leave-pin", "--json"];
        let run = |more: &[&str]| SAMPLES.run(&[&copy[..], more].concat(), &environment);
        let fails = |more: &[&str]| {
            let run = run(more);
            (run.exit, run.error()["code"].as_str().unwrap().to_owned())
        };
        assert_eq!(fails(&[]), (2, "secret_needed".to_owned()));
        assert_eq!(fails(&["--new-password-file", "weak"]), (4, "pin_rejected".to_owned()));
        assert_eq!(
            fails(&["--new-password-file", "pw", "--new-password", "x"]),
            (2, "secret_on_command_line".to_owned())
        );
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "nothing is left behind");

        let copied = run(&["--new-password-file", "pw"]);
        assert_eq!(copied.json()["copied"]["vid_random"], true, "{}", copied.stderr);
        assert_eq!(copied.json()["from"]["folder"], Value::Null);
        let r = hsm.folder().join("r");
        let r = r.to_str().unwrap();
        let vid = ["vid", "r", "홍길동", "--medium", &to, "--out", r, "--form", "raw", "--password-file", "pw"];
        assert_eq!(SAMPLES.run(&vid, &environment).exit, 0);
        assert_eq!(fs::read(r).unwrap(), sample.random.expose());
        fs::remove_dir_all(hsm.folder().join("out/NPKI")).unwrap();
        let weak = run(&["--new-password-file", "weak", "--allow-weak-password"]);
        assert_eq!(weak.exit, 0, "{}", weak.stderr);
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn store(hsm: &SoftHsm, bytes: &[u8], options: &[&str]) {
    let file = hsm.folder().join("object");
    fs::write(&file, bytes).unwrap();
    hsm.tool("seal", &[&["--write-object", file.to_str().unwrap()], options].concat());
}

/// Stores a pair as a program does that lets keys leave.
fn store_to_leave(hsm: &SoftHsm, pair: &NewPair) {
    let info = PrivateKeyInfo::from_der(SecretBytes::copy_of(pair.private_key_info.expose())).unwrap();
    let numbers = PrivateNumbers::of_der(info.rsa_private_key()).unwrap();
    let id = pair.certificate.key_id().to_vec();
    let module = Pkcs11::new(softhsm::MODULE).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let session = module.open_rw_session(module.get_slots_with_initialized_token().unwrap()[0]).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    let key = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::Sign(true),
        Attribute::Id(id.clone()),
        Attribute::Label("홍길동".into()),
        Attribute::Modulus(numbers.modulus.to_vec()),
        Attribute::PublicExponent(numbers.public_exponent.to_vec()),
        Attribute::PrivateExponent(numbers.private_exponent.to_vec()),
        Attribute::Prime1(numbers.prime_1.to_vec()),
        Attribute::Prime2(numbers.prime_2.to_vec()),
        Attribute::Exponent1(numbers.exponent_1.to_vec()),
        Attribute::Exponent2(numbers.exponent_2.to_vec()),
        Attribute::Coefficient(numbers.coefficient.to_vec()),
    ];
    session.create_object(&key).unwrap();
    store(hsm, pair.certificate.der(), &["--type", "cert", "--id", &hex(&id), "--label", "홍길동"]);
}
