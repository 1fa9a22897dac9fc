//! Keys at work: every mechanism against another implementation, whole and in parts, and the answers to misuse.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::{Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha1::Sha1;
use sha2::Digest as _;
use support::{Mechanism, Module, Npki, Session, number, output};

const MESSAGE: &[u8] = b"what the owner signs";

fn public_key(info: &[u8]) -> RsaPublicKey {
    RsaPublicKey::from_public_key_der(info).unwrap()
}

struct Token {
    npki: Npki,
    _module: Module,
    session: Session,
    sign: CK_OBJECT_HANDLE,
    sign_public: CK_OBJECT_HANDLE,
    km: CK_OBJECT_HANDLE,
    km_public: CK_OBJECT_HANDLE,
}

impl Token {
    fn new() -> Self {
        let npki = Npki::one();
        let module = Module::start(&npki);
        let session = module.logged_in();
        let one = |class, id: [u8; 20]| session.one(class, &id);
        Self {
            sign: one(CKO_PRIVATE_KEY, npki.sign_id()),
            sign_public: one(CKO_PUBLIC_KEY, npki.sign_id()),
            km: one(CKO_PRIVATE_KEY, npki.km_id()),
            km_public: one(CKO_PUBLIC_KEY, npki.km_id()),
            npki,
            _module: module,
            session,
        }
    }

    fn sign_key(&self) -> RsaPublicKey {
        public_key(self.npki.sets[0].sign.public_key_info())
    }

    fn km_key(&self) -> RsaPublicKey {
        public_key(self.npki.sets[0].km.as_ref().unwrap().public_key_info())
    }
}

/// Every signature mechanism: how it is asked for, the data that it takes, and what another implementation says to it.
type Check = fn(&RsaPublicKey, &[u8]) -> bool;

fn signatures() -> Vec<(Mechanism, Vec<u8>, Check)> {
    fn pss(hash: CK_MECHANISM_TYPE, kind: CK_MECHANISM_TYPE, mgf: CK_RSA_PKCS_MGF_TYPE, salt: CK_ULONG) -> Mechanism {
        Mechanism::pss(kind, hash, mgf, salt)
    }
    let sha256 = Sha256::digest(MESSAGE).to_vec();
    let digest_info =
        [&b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"[..], &sha256].concat();
    let message = MESSAGE.to_vec();
    vec![
        (Mechanism::new(CKM_SHA1_RSA_PKCS), message.clone(), |key, signature| {
            key.verify(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(MESSAGE), signature).is_ok()
        }),
        (Mechanism::new(CKM_SHA256_RSA_PKCS), message.clone(), |key, signature| {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(MESSAGE), signature).is_ok()
        }),
        (Mechanism::new(CKM_SHA384_RSA_PKCS), message.clone(), |key, signature| {
            key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(MESSAGE), signature).is_ok()
        }),
        (Mechanism::new(CKM_SHA512_RSA_PKCS), message.clone(), |key, signature| {
            key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(MESSAGE), signature).is_ok()
        }),
        (Mechanism::new(CKM_RSA_PKCS), digest_info, |key, signature| {
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(MESSAGE), signature).is_ok()
        }),
        (Mechanism::new(CKM_RSA_PKCS), b"no DigestInfo".to_vec(), |key, signature| {
            key.verify(Pkcs1v15Sign::new_unprefixed(), b"no DigestInfo", signature).is_ok()
        }),
        (pss(CKM_SHA_1, CKM_SHA1_RSA_PKCS_PSS, CKG_MGF1_SHA1, 20), message.clone(), |key, signature| {
            key.verify(Pss::<Sha1>::new_with_salt(20), &Sha1::digest(MESSAGE), signature).is_ok()
        }),
        (pss(CKM_SHA256, CKM_SHA256_RSA_PKCS_PSS, CKG_MGF1_SHA256, 32), message.clone(), |key, signature| {
            key.verify(Pss::<Sha256>::new_with_salt(32), &Sha256::digest(MESSAGE), signature).is_ok()
        }),
        (pss(CKM_SHA256, CKM_SHA256_RSA_PKCS_PSS, CKG_MGF1_SHA256, 17), message.clone(), |key, signature| {
            key.verify(Pss::<Sha256>::new_with_salt(17), &Sha256::digest(MESSAGE), signature).is_ok()
        }),
        (pss(CKM_SHA384, CKM_SHA384_RSA_PKCS_PSS, CKG_MGF1_SHA384, 48), message.clone(), |key, signature| {
            key.verify(Pss::<Sha384>::new_with_salt(48), &Sha384::digest(MESSAGE), signature).is_ok()
        }),
        (pss(CKM_SHA512, CKM_SHA512_RSA_PKCS_PSS, CKG_MGF1_SHA512, 64), message, |key, signature| {
            key.verify(Pss::<Sha512>::new_with_salt(64), &Sha512::digest(MESSAGE), signature).is_ok()
        }),
        (pss(CKM_SHA256, CKM_RSA_PKCS_PSS, CKG_MGF1_SHA256, 32), sha256, |key, signature| {
            key.verify(Pss::<Sha256>::new_with_salt(32), &Sha256::digest(MESSAGE), signature).is_ok()
        }),
    ]
}

#[test]
fn every_signature_stands_before_another_implementation_and_before_c_verify() {
    let token = Token::new();
    let (session, key) = (token.session, token.sign_key());
    for (mut mechanism, data, check) in signatures() {
        // SAFETY: the mechanism lives as long as the pointer is used.
        let kind = unsafe { (*mechanism.raw()).mechanism };
        let whole = session.sign(&mut mechanism, token.sign, &data).unwrap();
        assert!(check(&key, &whole), "{kind:#x}");
        let middle = data.len() / 2;
        let parts: [&[u8]; 3] = [&data[..middle], &[], &data[middle..]];
        let in_parts = session.sign_parts(&mut mechanism, token.sign, &parts).unwrap();
        assert!(check(&key, &in_parts), "{kind:#x} in parts");

        assert_eq!(session.verify(&mut mechanism, token.sign_public, &data, &whole), Ok(()), "{kind:#x}");
        let verify_parts = |signature: &[u8], mechanism: &mut Mechanism| {
            c!(C_VerifyInit(session.0, mechanism.raw(), token.sign_public))?;
            for part in parts {
                c!(C_VerifyUpdate(session.0, part.as_ptr().cast_mut(), number(part.len())))?;
            }
            c!(C_VerifyFinal(session.0, signature.as_ptr().cast_mut(), number(signature.len())))
        };
        assert_eq!(verify_parts(&whole, &mut mechanism), Ok(()), "{kind:#x}");
        let mut wrong = whole.clone();
        wrong[100] ^= 1;
        assert_eq!(session.verify(&mut mechanism, token.sign_public, &data, &wrong), Err(CKR_SIGNATURE_INVALID));
        assert_eq!(verify_parts(&wrong, &mut mechanism), Err(CKR_SIGNATURE_INVALID));
        let short = &whole[..255];
        assert_eq!(session.verify(&mut mechanism, token.sign_public, &data, short), Err(CKR_SIGNATURE_LEN_RANGE));
    }
}

#[test]
fn what_is_encrypted_to_the_km_key_decrypts() {
    let token = Token::new();
    let (session, secret) = (token.session, &[7_u8; 32][..]);
    let mut rng = rsa::rand_core::UnwrapErr(SystemRandom);
    let cases: [(Mechanism, Vec<u8>); 4] = [
        (Mechanism::new(CKM_RSA_PKCS), token.km_key().encrypt(&mut rng, Pkcs1v15Encrypt, secret).unwrap()),
        (
            Mechanism::oaep(CKM_SHA_1, CKG_MGF1_SHA1),
            token.km_key().encrypt(&mut rng, Oaep::<Sha1>::new(), secret).unwrap(),
        ),
        // Without parameters, as RFC 8017 has them by default.
        (Mechanism::new(CKM_RSA_PKCS_OAEP), token.km_key().encrypt(&mut rng, Oaep::<Sha1>::new(), secret).unwrap()),
        (
            Mechanism::oaep(CKM_SHA256, CKG_MGF1_SHA256),
            token.km_key().encrypt(&mut rng, Oaep::<Sha256>::new(), secret).unwrap(),
        ),
    ];
    for (mut mechanism, ciphertext) in cases {
        assert_eq!(session.decrypt(&mut mechanism, token.km, &ciphertext).unwrap(), secret);
        let own = session.encrypt(&mut mechanism, token.km_public, secret).unwrap();
        assert_eq!(session.decrypt(&mut mechanism, token.km, &own).unwrap(), secret);

        c!(C_DecryptInit(session.0, mechanism.raw(), token.km)).unwrap();
        for part in ciphertext.chunks(100) {
            let nothing = output(|out, len| {
                let out = if out.is_null() { out } else { std::ptr::NonNull::dangling().as_ptr() };
                c!(C_DecryptUpdate(session.0, part.as_ptr().cast_mut(), number(part.len()), out, len))
            });
            assert_eq!(nothing, Ok(vec![]));
        }
        assert_eq!(output(|out, len| c!(C_DecryptFinal(session.0, out, len))).unwrap(), secret);

        assert_eq!(session.decrypt(&mut mechanism, token.km, &ciphertext[1..]), Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
        let mut wrong = ciphertext.clone();
        wrong[100] ^= 1;
        assert_eq!(session.decrypt(&mut mechanism, token.km, &wrong), Err(CKR_ENCRYPTED_DATA_INVALID));
    }
}

/// The operating system's randomness for crate `rsa`.
struct SystemRandom;

impl rsa::rand_core::TryRng for SystemRandom {
    type Error = std::io::Error;

    fn try_next_u32(&mut self) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, bytes)
    }
}

impl rsa::rand_core::TryCryptoRng for SystemRandom {}

#[test]
fn asking_for_the_length_or_with_a_small_buffer_keeps_the_operation() {
    let token = Token::new();
    let session = token.session;
    let mut mechanism = Mechanism::new(CKM_SHA256_RSA_PKCS);
    session.sign_init(&mut mechanism, token.sign).unwrap();
    let sign = |buffer: &mut [u8], ask: bool| {
        let mut length = number(buffer.len());
        let place = if ask { null_mut() } else { buffer.as_mut_ptr() };
        let data = MESSAGE.as_ptr().cast_mut();
        (c!(C_Sign(session.0, data, number(MESSAGE.len()), place, &raw mut length)), length)
    };
    let mut buffer = [0; 300];
    for _ in 0..3 {
        assert_eq!(sign(&mut [], true), (Ok(()), 256));
        assert_eq!(sign(&mut buffer[..255], false), (Err(CKR_BUFFER_TOO_SMALL), 256));
    }
    assert_eq!(session.sign_init(&mut mechanism, token.sign), Err(CKR_OPERATION_ACTIVE));
    assert_eq!(sign(&mut buffer, false), (Ok(()), 256));
    assert_eq!(sign(&mut buffer, false).0, Err(CKR_OPERATION_NOT_INITIALIZED));
    assert_eq!(session.verify(&mut mechanism, token.sign_public, MESSAGE, &buffer[..256]), Ok(()));

    session.sign_init(&mut mechanism, token.sign).unwrap();
    c!(C_SignUpdate(session.0, MESSAGE.as_ptr().cast_mut(), number(MESSAGE.len()))).unwrap();
    let mut length = 255;
    assert_eq!(c!(C_SignFinal(session.0, buffer.as_mut_ptr(), &raw mut length)), Err(CKR_BUFFER_TOO_SMALL));
    assert_eq!(length, 256);
    assert_eq!(c!(C_SignFinal(session.0, buffer.as_mut_ptr(), &raw mut length)), Ok(()));
    assert_eq!(session.verify(&mut mechanism, token.sign_public, MESSAGE, &buffer[..256]), Ok(()));
    assert_eq!(c!(C_SignFinal(session.0, buffer.as_mut_ptr(), &raw mut length)), Err(CKR_OPERATION_NOT_INITIALIZED));
}

#[test]
fn a_plaintext_is_told_its_length_only_when_it_does_not_fit() {
    let token = Token::new();
    let session = token.session;
    let mut mechanism = Mechanism::new(CKM_RSA_PKCS);
    let ciphertext = session.encrypt(&mut mechanism, token.km_public, &[7; 32]).unwrap();
    c!(C_DecryptInit(session.0, mechanism.raw(), token.km)).unwrap();
    let decrypt = |buffer: &mut [u8], ask: bool| {
        let mut length = number(buffer.len());
        let place = if ask { null_mut() } else { buffer.as_mut_ptr() };
        let data = ciphertext.as_ptr().cast_mut();
        (c!(C_Decrypt(session.0, data, number(ciphertext.len()), place, &raw mut length)), length)
    };
    assert_eq!(decrypt(&mut [], true), (Ok(()), 256));
    assert_eq!(decrypt(&mut [0; 31], false), (Err(CKR_BUFFER_TOO_SMALL), 32));
    let mut secret = [0; 32];
    assert_eq!(decrypt(&mut secret, false), (Ok(()), 32));
    assert_eq!(secret, [7; 32]);
    assert_eq!(decrypt(&mut secret, false).0, Err(CKR_OPERATION_NOT_INITIALIZED));
}

#[test]
fn a_result_may_go_where_the_data_lies() {
    let token = Token::new();
    let session = token.session;
    let mut mechanism = Mechanism::new(CKM_RSA_PKCS);
    let mut buffer = [0; 256];
    buffer[..6].copy_from_slice(b"secret");
    let place = buffer.as_mut_ptr();
    let mut length = 256;
    c!(C_EncryptInit(session.0, mechanism.raw(), token.km_public)).unwrap();
    c!(C_Encrypt(session.0, place, 6, place, &raw mut length)).unwrap();
    assert_eq!(length, 256);
    c!(C_DecryptInit(session.0, mechanism.raw(), token.km)).unwrap();
    c!(C_Decrypt(session.0, place, 256, place, &raw mut length)).unwrap();
    assert_eq!((&buffer[..6], length), (&b"secret"[..], 6));
    let place = buffer.as_mut_ptr();
    length = 256;
    c!(C_DigestInit(session.0, Mechanism::new(CKM_SHA256).raw())).unwrap();
    c!(C_Digest(session.0, place, 6, place, &raw mut length)).unwrap();
    assert_eq!(buffer[..32], *Sha256::digest(b"secret"));
    let place = buffer.as_mut_ptr();
    length = 256;
    session.sign_init(&mut mechanism, token.sign).unwrap();
    c!(C_Sign(session.0, place, 32, place, &raw mut length)).unwrap();
    let signed = Sha256::digest(b"secret");
    assert_eq!(session.verify(&mut mechanism, token.sign_public, &signed, &buffer), Ok(()));
}

#[test]
fn data_that_does_not_fit_is_refused_by_name_and_ends_the_operation() {
    let token = Token::new();
    let session = token.session;
    let mut raw = Mechanism::new(CKM_RSA_PKCS);
    assert!(session.sign(&mut raw, token.sign, &[1; 245]).is_ok());
    assert_eq!(session.sign(&mut raw, token.sign, &[1; 246]), Err(CKR_DATA_LEN_RANGE));
    assert_eq!(session.sign_parts(&mut raw, token.sign, &[&[1; 200], &[1; 46]]), Err(CKR_DATA_LEN_RANGE));
    assert_eq!(c!(C_SignUpdate(session.0, null_mut(), 0)), Err(CKR_OPERATION_NOT_INITIALIZED));
    let mut pss = Mechanism::pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32);
    for length in [0, 31, 33] {
        assert_eq!(session.sign(&mut pss, token.sign, &vec![1; length]), Err(CKR_DATA_LEN_RANGE));
        assert_eq!(session.sign_parts(&mut pss, token.sign, &[&vec![1; length]]), Err(CKR_DATA_LEN_RANGE));
    }
    assert_eq!(session.encrypt(&mut raw, token.km_public, &[1; 246]), Err(CKR_DATA_LEN_RANGE));
    assert!(session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), token.sign, &[]).is_ok(), "an empty message is one");
}

#[test]
fn a_key_does_only_what_its_certificate_allows() {
    let token = Token::new();
    let session = token.session;
    let mut sign = Mechanism::new(CKM_SHA256_RSA_PKCS);
    let mut raw = Mechanism::new(CKM_RSA_PKCS);
    assert_eq!(session.sign_init(&mut sign, token.km), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
    assert_eq!(session.decrypt(&mut raw, token.sign, &[0; 256]), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
    assert_eq!(session.verify(&mut sign, token.km_public, &[], &[]), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
    assert_eq!(session.encrypt(&mut raw, token.sign_public, &[]), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
    assert_eq!(session.sign_init(&mut sign, token.sign_public), Err(CKR_KEY_TYPE_INCONSISTENT));
    assert_eq!(session.verify(&mut sign, token.sign, &[], &[]), Err(CKR_KEY_TYPE_INCONSISTENT));
    let certificate = session.one(CKO_CERTIFICATE, &token.npki.sign_id());
    for no_key in [0, certificate, CK_OBJECT_HANDLE::MAX] {
        assert_eq!(session.sign_init(&mut sign, no_key), Err(CKR_KEY_HANDLE_INVALID));
    }
}

#[test]
fn mechanisms_are_taken_with_the_right_parameter_and_for_what_they_are() {
    let token = Token::new();
    let session = token.session;
    let init = |mechanism: &mut Mechanism| session.sign_init(mechanism, token.sign);
    assert_eq!(init(&mut Mechanism::new(CKM_AES_CBC)), Err(CKR_MECHANISM_INVALID));
    assert_eq!(init(&mut Mechanism::new(CKM_SHA256)), Err(CKR_MECHANISM_INVALID));
    assert_eq!(init(&mut Mechanism::new(CKM_RSA_PKCS_OAEP)), Err(CKR_MECHANISM_INVALID));
    assert_eq!(init(&mut Mechanism::new(CKM_RSA_PKCS_PSS)), Err(CKR_MECHANISM_PARAM_INVALID));
    for (hash, mgf, salt) in [
        (CKM_SHA512, CKG_MGF1_SHA256, 32),
        (CKM_SHA256, 99, 32),
        (CKM_SHA256, CKG_MGF1_SHA256, 223),
        (CKM_SHA256, CKG_MGF1_SHA256, CK_ULONG::MAX),
    ] {
        let mut mechanism = Mechanism::pss(CKM_SHA256_RSA_PKCS_PSS, hash, mgf, salt);
        assert_eq!(init(&mut mechanism), Err(CKR_MECHANISM_PARAM_INVALID));
    }
    let mut byte = 0_u8;
    let mut wrong =
        CK_MECHANISM { mechanism: CKM_SHA256_RSA_PKCS, pParameter: (&raw mut byte).cast(), ulParameterLen: 1 };
    assert_eq!(c!(C_SignInit(session.0, &raw mut wrong, token.sign)), Err(CKR_MECHANISM_PARAM_INVALID));
    wrong.mechanism = CKM_RSA_PKCS_PSS;
    assert_eq!(c!(C_SignInit(session.0, &raw mut wrong, token.sign)), Err(CKR_MECHANISM_PARAM_INVALID));

    assert_eq!(c!(C_SignInit(session.0, null_mut(), token.sign)), Err(CKR_ARGUMENTS_BAD));
    init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS)).unwrap();
    assert_eq!(c!(C_SignInit(session.0, null_mut(), token.sign)), Ok(()), "no mechanism ends the operation (3.0)");
    assert_eq!(c!(C_SignUpdate(session.0, null_mut(), 0)), Err(CKR_OPERATION_NOT_INITIALIZED));
}

#[test]
fn a_whole_and_parts_do_not_mix() {
    let token = Token::new();
    let session = token.session;
    session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), token.sign).unwrap();
    c!(C_SignUpdate(session.0, MESSAGE.as_ptr().cast_mut(), 4)).unwrap();
    let mut signature = [0; 256];
    let mut length = 256;
    let data = MESSAGE.as_ptr().cast_mut();
    let mut sign = || c!(C_Sign(session.0, data, 4, signature.as_mut_ptr(), &raw mut length));
    assert_eq!(sign(), Err(CKR_OPERATION_NOT_INITIALIZED));
    assert_eq!(c!(C_SignUpdate(session.0, data, 4)), Err(CKR_OPERATION_NOT_INITIALIZED), "and the operation is over");
}

#[test]
fn digests_are_made_whole_and_in_parts() {
    let token = Token::new();
    let session = token.session;
    let cases: [(CK_MECHANISM_TYPE, Vec<u8>); 4] = [
        (CKM_SHA_1, Sha1::digest(MESSAGE).to_vec()),
        (CKM_SHA256, Sha256::digest(MESSAGE).to_vec()),
        (CKM_SHA384, Sha384::digest(MESSAGE).to_vec()),
        (CKM_SHA512, Sha512::digest(MESSAGE).to_vec()),
    ];
    for (kind, expected) in cases {
        let mut mechanism = Mechanism::new(kind);
        let init = |mechanism: &mut Mechanism| c!(C_DigestInit(session.0, mechanism.raw()));
        let data = MESSAGE.as_ptr().cast_mut();
        init(&mut mechanism).unwrap();
        assert_eq!(init(&mut mechanism), Err(CKR_OPERATION_ACTIVE));
        let whole = output(|out, len| c!(C_Digest(session.0, data, number(MESSAGE.len()), out, len)));
        assert_eq!(whole.as_ref(), Ok(&expected));
        init(&mut mechanism).unwrap();
        for part in MESSAGE.chunks(3) {
            c!(C_DigestUpdate(session.0, part.as_ptr().cast_mut(), number(part.len()))).unwrap();
        }
        assert_eq!(output(|out, len| c!(C_DigestFinal(session.0, out, len))), Ok(expected));
        init(&mut mechanism).unwrap();
        assert_eq!(c!(C_DigestKey(session.0, token.sign)), Err(CKR_KEY_INDIGESTIBLE));
    }
}

#[test]
fn random_bytes_differ_and_cannot_be_seeded() {
    let token = Token::new();
    let draw = || {
        let mut bytes = [0; 32];
        c!(C_GenerateRandom(token.session.0, bytes.as_mut_ptr(), 32)).map(|()| bytes)
    };
    assert_ne!(draw().unwrap(), draw().unwrap());
    assert_eq!(c!(C_GenerateRandom(token.session.0, null_mut(), 0)), Ok(()));
    assert_eq!(c!(C_GenerateRandom(token.session.0, null_mut(), 1)), Err(CKR_ARGUMENTS_BAD));
    let mut seed = [0; 4];
    assert_eq!(c!(C_SeedRandom(token.session.0, seed.as_mut_ptr(), 4)), Err(CKR_RANDOM_SEED_NOT_SUPPORTED));
}

#[test]
fn what_no_token_can_do_says_so() {
    let token = Token::new();
    let session = token.session.0;
    assert_eq!(c!(C_GetFunctionStatus(session)), Err(CKR_FUNCTION_NOT_PARALLEL));
    assert_eq!(c!(C_CancelFunction(session)), Err(CKR_FUNCTION_NOT_PARALLEL));
    let mut mechanism = Mechanism::new(CKM_RSA_PKCS);
    assert_eq!(c!(C_SignRecoverInit(session, mechanism.raw(), token.sign)), Err(CKR_FUNCTION_NOT_SUPPORTED));
    assert_eq!(c!(C_SignRecoverInit(0, mechanism.raw(), token.sign)), Err(CKR_SESSION_HANDLE_INVALID));
    assert_eq!(c!(C_MessageSignInit(session, mechanism.raw(), token.sign)), Err(CKR_FUNCTION_NOT_SUPPORTED));
    let mut key = 0;
    let mut generate = Mechanism::new(CKM_AES_KEY_GEN);
    assert_eq!(c!(C_GenerateKey(session, generate.raw(), null_mut(), 0, &raw mut key)), Err(CKR_MECHANISM_INVALID));
    let mut length = 0;
    assert_eq!(c!(C_GetOperationState(session, null_mut(), &raw mut length)), Err(CKR_OPERATION_NOT_INITIALIZED));
}

#[test]
fn threads_sign_with_one_key_at_the_same_time() {
    let token = Token::new();
    let slot = token._module.slot();
    let key = token.sign_key();
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let (key, sign) = (&key, token.sign);
            scope.spawn(move || {
                let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
                for turn in 0..20_u8 {
                    let message = [thread, turn];
                    let signature = session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), sign, &message).unwrap();
                    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), &signature).unwrap();
                }
                c!(C_CloseSession(session.0)).unwrap();
            });
        }
    });
}
