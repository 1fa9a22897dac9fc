//! Keys that the module makes: RSA pairs and secrets, as objects of the session.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use sha2::{Digest as _, Sha256};
use support::template::{GENERIC, LENGTH_16, NO, PRIVATE_KEY, RSA, SECRET_KEY, YES, raw};
use support::{Mechanism, Module, Npki, Session, number, output};

const BITS: [u8; size_of::<CK_ULONG>()] = (2048 as CK_ULONG).to_ne_bytes();

#[test]
fn a_generated_pair_works_and_tells_that_it_never_left() {
    let module = Module::owning(Npki::one());
    let session = module.logged_in();
    let (public, private) =
        session.generate_pair(&[(CKA_MODULUS_BITS, &BITS), (CKA_LABEL, b"new")], &[(CKA_LABEL, b"new")]).unwrap();
    let mut pss = Mechanism::pss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32);
    let signature = session.sign(&mut pss, private, b"message").unwrap();
    assert_eq!(session.verify(&mut pss, public, b"message", &signature), Ok(()));
    let mut oaep = Mechanism::oaep(CKM_SHA256, CKG_MGF1_SHA256);
    let encrypted = session.encrypt(&mut oaep, public, b"secret").unwrap();
    assert_eq!(session.decrypt(&mut oaep, private, &encrypted).unwrap(), b"secret");
    for key in [public, private] {
        assert!(session.flag(key, CKA_LOCAL) && !session.flag(key, CKA_TOKEN));
        assert_eq!(session.number(key, CKA_KEY_GEN_MECHANISM), CKM_RSA_PKCS_KEY_PAIR_GEN);
        assert_eq!(session.attribute(key, CKA_PUBLIC_EXPONENT).unwrap(), [1, 0, 1]);
    }
    assert_eq!(session.attribute(public, CKA_MODULUS), session.attribute(private, CKA_MODULUS));
    for always in [CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_PRIVATE] {
        assert!(session.flag(private, always), "{always:#x}");
    }
    assert_eq!(session.attribute(private, CKA_PRIVATE_EXPONENT), Err(CKR_ATTRIBUTE_SENSITIVE));
    assert_eq!(session.find(&[(CKA_LABEL, b"new"), (CKA_TOKEN, NO)]), Ok(vec![public, private]));
    session.logout();
    assert_eq!(session.find(&[(CKA_LABEL, b"new"), (CKA_TOKEN, NO)]), Ok(vec![public]));
}

#[test]
fn the_longest_pair_is_made_too() {
    let module = Module::owning(Npki::one());
    let session = module.open();
    let bits = (4096 as CK_ULONG).to_ne_bytes();
    let open: &[(_, &[u8])] = &[(CKA_PRIVATE, NO), (CKA_SENSITIVE, NO)];
    let (public, private) = session.generate_pair(&[(CKA_MODULUS_BITS, &bits)], open).unwrap();
    assert_eq!(session.number(public, CKA_MODULUS_BITS), 4096);
    assert_eq!(session.attribute(private, CKA_PRIME_1).unwrap().len(), 256);
    assert!(!session.flag(private, CKA_ALWAYS_SENSITIVE) && !session.flag(private, CKA_NEVER_EXTRACTABLE));
}

#[test]
fn pairs_are_refused_by_what_is_wrong_with_their_templates() {
    let module = Module::owning(Npki::one());
    let (reader, writer) = (module.open(), Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap());
    let bits: &[(_, &[u8])] = &[(CKA_MODULUS_BITS, &BITS)];
    assert_eq!(writer.generate_pair(bits, &[]), Err(CKR_USER_NOT_LOGGED_IN), "private keys are private");
    let on_token: &[(_, &[u8])] = &[(CKA_TOKEN, YES)];
    assert_eq!(reader.generate_pair(bits, on_token), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(writer.generate_pair(bits, on_token), Err(CKR_TEMPLATE_INCONSISTENT), "a bare key cannot be kept");
    writer.login(support::PASSWORD).unwrap();
    let pair = |public: &[(CK_ATTRIBUTE_TYPE, &[u8])], private: &[(CK_ATTRIBUTE_TYPE, &[u8])]| {
        writer.generate_pair(&[bits, public].concat(), private).map(drop)
    };
    assert_eq!(writer.generate_pair(&[], &[]).map(drop), Err(CKR_TEMPLATE_INCOMPLETE));
    assert_eq!(pair(&[(CKA_PUBLIC_EXPONENT, b"\x03")], &[]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(pair(&[(CKA_MODULUS, b"\x03")], &[]), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(pair(&[], &[(CKA_PRIME_1, b"\x03")]), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(pair(&[(CKA_CLASS, PRIVATE_KEY)], &[]), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(pair(&[], &[(CKA_KEY_TYPE, GENERIC)]), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(pair(&[], &[(CKA_MODULUS_BITS, &BITS)]), Err(CKR_ATTRIBUTE_TYPE_INVALID));
    for wrong in [0 as CK_ULONG, 512, 2047, 8192, CK_ULONG::MAX] {
        let refused = writer.generate_pair(&[(CKA_MODULUS_BITS, &wrong.to_ne_bytes())], &[]);
        assert_eq!(refused, Err(CKR_KEY_SIZE_RANGE), "{wrong}");
    }
    let uneven = writer.generate_pair(&[(CKA_MODULUS_BITS, &(2560 as CK_ULONG).to_ne_bytes())], &[]);
    assert_eq!(uneven, Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(pair(&[(CKA_PUBLIC_EXPONENT, b"\0\x01\0\x01"), (CKA_KEY_TYPE, RSA)], &[]), Ok(()));
}

fn generate(session: Session, template: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    let mut key = 0;
    let mut template = raw(template);
    let mut mechanism = Mechanism::new(CKM_GENERIC_SECRET_KEY_GEN);
    c!(C_GenerateKey(session.0, mechanism.raw(), template.as_mut_ptr(), number(template.len()), &raw mut key))?;
    Ok(key)
}

#[test]
fn a_secret_is_drawn_and_digested_without_being_shown() {
    let module = Module::owning(Npki::one());
    let session = module.logged_in();
    let key = generate(session, &[(CKA_VALUE_LEN, &LENGTH_16), (CKA_CLASS, SECRET_KEY)]).unwrap();
    let value = session.attribute(key, CKA_VALUE).unwrap();
    assert_eq!((value.len(), session.number(key, CKA_KEY_TYPE)), (16, CKK_GENERIC_SECRET));
    assert_ne!(value, [0; 16]);
    let hidden = session.copy(key, &[(CKA_SENSITIVE, YES), (CKA_EXTRACTABLE, NO)]).unwrap();
    assert_eq!(session.attribute(hidden, CKA_VALUE), Err(CKR_ATTRIBUTE_SENSITIVE));
    c!(C_DigestInit(session.0, Mechanism::new(CKM_SHA256).raw())).unwrap();
    c!(C_DigestUpdate(session.0, b"salt".as_ptr().cast_mut(), 4)).unwrap();
    c!(C_DigestKey(session.0, hidden)).unwrap();
    let digest = output(|out, len| c!(C_DigestFinal(session.0, out, len))).unwrap();
    assert_eq!(digest, *Sha256::digest([b"salt", value.as_slice()].concat()));

    assert_eq!(generate(session, &[]), Err(CKR_TEMPLATE_INCOMPLETE));
    assert_eq!(generate(session, &[(CKA_VALUE_LEN, &LENGTH_16), (CKA_VALUE, b"1")]), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(generate(session, &[(CKA_VALUE_LEN, &CK_ULONG::MAX.to_ne_bytes())]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(generate(session, &[(CKA_TOKEN, YES), (CKA_VALUE_LEN, &LENGTH_16)]), Err(CKR_SESSION_READ_ONLY));
    session.logout();
    assert_eq!(generate(session, &[(CKA_VALUE_LEN, &LENGTH_16)]), Err(CKR_USER_NOT_LOGGED_IN));
}

#[test]
fn mechanisms_that_make_keys_say_what_sizes_they_make() {
    let module = Module::owning(Npki::one());
    let slot = module.slot();
    let info = |kind| {
        let mut info = CK_MECHANISM_INFO::default();
        c!(C_GetMechanismInfo(slot, kind, &raw mut info)).map(|()| (info.ulMinKeySize, info.ulMaxKeySize, info.flags))
    };
    assert_eq!(info(CKM_RSA_PKCS_KEY_PAIR_GEN), Ok((2048, 4096, CKF_GENERATE_KEY_PAIR)));
    assert_eq!(info(CKM_GENERIC_SECRET_KEY_GEN), Ok((8, 4096, CKF_GENERATE)));
    let session = module.logged_in();
    let mut key = 0;
    let mut generate = |kind| c!(C_GenerateKey(session.0, Mechanism::new(kind).raw(), null_mut(), 0, &raw mut key));
    assert_eq!(generate(CKM_RSA_PKCS_KEY_PAIR_GEN), Err(CKR_MECHANISM_INVALID));
    let mut parameter = 0_u8;
    let mut wrong = CK_MECHANISM {
        mechanism: CKM_GENERIC_SECRET_KEY_GEN,
        pParameter: (&raw mut parameter).cast(),
        ulParameterLen: 1,
    };
    let refused = c!(C_GenerateKey(session.0, &raw mut wrong, null_mut(), 0, &raw mut key));
    assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID));
}
