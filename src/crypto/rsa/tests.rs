//! This file checks each engine against the other: what one signs or encrypts, the other verifies or decrypts.

use std::sync::LazyLock;

use ::rsa::pkcs1::EncodeRsaPrivateKey;
use ::rsa::rand_core::UnwrapErr;
use ::rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};
use aws_lc_rs::signature::{self, RsaPublicKeyComponents};
use proptest::prelude::*;

use super::*;
use crate::crypto::random::Generator;

/// Keys of sizes that take different paths: `rsa` alone; AWS-LC; a modulus whose top byte holds one bit.
static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let other = [1024, 1031, 2049].map(|bits| RsaPrivateKey::new(&mut UnwrapErr(Generator), bits).unwrap());
    let other = other.map(|key| SecretBytes::copy_of(key.to_pkcs1_der().unwrap().as_bytes()));
    let own = [2048, 3072].map(|bits| generate(bits).unwrap());
    own.into_iter().chain(other).map(Key::new).collect()
});

struct Key {
    der: SecretBytes,
    private: PrivateKey,
    public: PublicKey,
    other_public: RsaPublicKey,
}

impl Key {
    fn new(der: SecretBytes) -> Self {
        let private = PrivateKey::from_pkcs1_der(der.expose()).unwrap();
        let (modulus, exponent) = private.public();
        let public = PublicKey::new(modulus, exponent).unwrap();
        let other_public = public.0.clone();
        Self { der, private, public, other_public }
    }

    fn len(&self) -> usize {
        self.private.public().0.len()
    }
}

fn message(mechanism: SignMechanism, message: &[u8]) -> SignRequest<'_> {
    SignRequest { mechanism, input: SignInput::Message(message) }
}

fn mechanisms(modulus_bits: usize) -> Vec<SignMechanism> {
    let mut all = vec![SignMechanism::Pkcs1Raw];
    for hash in Hash::ALL {
        all.push(SignMechanism::Pkcs1(hash));
        for mgf in Hash::ALL {
            let Some(longest) = pss::longest_salt(modulus_bits, hash) else { continue };
            for salt_len in [0, 1, 20, hash.len(), longest] {
                if salt_len <= longest {
                    all.push(SignMechanism::Pss { hash, mgf, salt_len });
                }
            }
        }
    }
    all
}

#[test]
fn every_mechanism_signs_and_verifies_with_every_key() {
    for key in KEYS.iter() {
        for mechanism in mechanisms(bits(key.private.public().0)) {
            let request = message(mechanism, b"message");
            let mut signature = key.private.sign(&request).unwrap();
            assert_eq!(signature.len(), key.len());
            key.public.verify(&request, &signature).unwrap();

            let other = key.public.verify(&message(mechanism, b"massage"), &signature).unwrap_err();
            assert_eq!(other.kind(), ErrorKind::Mismatch, "{mechanism:?}");
            signature[key.len() / 2] ^= 1;
            let changed = key.public.verify(&request, &signature).unwrap_err();
            assert_eq!(changed.kind(), ErrorKind::Mismatch, "{mechanism:?}");
        }
    }
}

#[test]
fn a_digest_signs_like_its_message() {
    for key in KEYS.iter() {
        for hash in Hash::ALL {
            let digest = Hasher::digest(hash, b"message");
            let request = SignRequest { mechanism: SignMechanism::Pkcs1(hash), input: SignInput::Digest(&digest) };
            let signature = key.private.sign(&request).unwrap();
            assert_eq!(signature, key.private.sign(&message(SignMechanism::Pkcs1(hash), b"message")).unwrap());
            let info = digest_info::write(hash, &digest);
            assert_eq!(signature, key.private.sign(&message(SignMechanism::Pkcs1Raw, &info)).unwrap());
        }
    }
}

#[test]
fn crate_rsa_verifies_what_any_engine_signs() {
    for key in KEYS.iter() {
        for mechanism in mechanisms(bits(key.private.public().0)) {
            let signature = key.private.sign(&message(mechanism, b"message")).unwrap();
            let verified = match mechanism {
                SignMechanism::Pkcs1(hash) => with_hash!(hash, D => {
                    key.other_public.verify(Pkcs1v15Sign::new::<D>(), &Hasher::digest(hash, b"message"), &signature)
                }),
                SignMechanism::Pkcs1Raw => {
                    key.other_public.verify(Pkcs1v15Sign::new_unprefixed(), b"message", &signature)
                }
                SignMechanism::Pss { hash, mgf, salt_len } if hash == mgf => with_hash!(hash, D => {
                    let pss = Pss::<D>::new_with_salt(salt_len);
                    key.other_public.verify(pss, &Hasher::digest(hash, b"message"), &signature)
                }),
                SignMechanism::Pss { .. } => continue,
            };
            verified.unwrap_or_else(|error| panic!("{mechanism:?}: {error}"));
        }
    }
}

#[test]
fn aws_lc_verifies_what_crate_rsa_signs() {
    for key in KEYS.iter().filter(|key| key.private.aws_lc.is_some()) {
        let (n, e) = key.private.public();
        let public = RsaPublicKeyComponents { n, e };
        let blinded = BlindedKey::new(key.der.expose()).unwrap();
        let digest = Hasher::digest(Hash::Sha256, b"message");

        let pkcs1 = blinded.sign_pkcs1(&digest_info::write(Hash::Sha256, &digest)).unwrap();
        public.verify(&signature::RSA_PKCS1_2048_8192_SHA256, b"message", &pkcs1).unwrap();
        let encoded = pss::encode(bits(n), Hash::Sha256, Hash::Sha256, 32, &digest).unwrap();
        let pss = blinded.private_operation(&encoded).unwrap();
        public.verify(&signature::RSA_PSS_2048_8192_SHA256, b"message", &pss).unwrap();
    }
}

#[test]
fn the_common_requests_run_on_aws_lc() {
    let key = PrivateKey::from_pkcs1_der(KEYS[0].der.expose()).unwrap();
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        key.sign(&message(SignMechanism::Pkcs1(hash), b"message")).unwrap();
        let info = digest_info::write(hash, &Hasher::digest(hash, b"message"));
        key.sign(&message(SignMechanism::Pkcs1Raw, &info)).unwrap();
        for salt_len in [0, 20, hash.len(), 256 - 2 - hash.len()] {
            key.sign(&message(SignMechanism::Pss { hash, mgf: hash, salt_len }, b"message")).unwrap();
        }
    }
    let public = &KEYS[0].public;
    for mechanism in decrypt_mechanisms().into_iter().filter(is_common) {
        key.decrypt(&mechanism, &public.encrypt(&mechanism, b"secret").unwrap()).unwrap();
    }
    assert!(key.blinded.get().is_none());

    key.sign(&message(SignMechanism::Pkcs1(Hash::Sha1), b"message")).unwrap();
    assert!(key.blinded.get().is_some());
}

fn decrypt_mechanisms() -> Vec<DecryptMechanism> {
    let oaep = |(hash, mgf)| DecryptMechanism::Oaep { hash, mgf, label: b"label".to_vec() };
    let pairs = Hash::ALL.into_iter().flat_map(|hash| Hash::ALL.map(|mgf| (hash, mgf)));
    let unlabelled = DecryptMechanism::Oaep { hash: Hash::Sha1, mgf: Hash::Sha1, label: Vec::new() };
    [DecryptMechanism::Pkcs1, unlabelled].into_iter().chain(pairs.map(oaep)).collect()
}

fn is_common(mechanism: &DecryptMechanism) -> bool {
    !matches!(mechanism, DecryptMechanism::Oaep { hash, mgf, .. } if hash != mgf)
}

#[test]
fn every_mechanism_decrypts_with_every_key() {
    for key in KEYS.iter() {
        let mut done = 0;
        for mechanism in decrypt_mechanisms() {
            // The hash may be too long for the modulus.
            let Ok(ciphertext) = key.public.encrypt(&mechanism, b"secret") else { continue };
            let plaintext = key.private.decrypt(&mechanism, &ciphertext).unwrap();
            assert_eq!(plaintext.expose(), b"secret", "{mechanism:?}");
            done += 1;
        }
        assert!(done >= 14);
    }
}

#[test]
fn whatever_is_wrong_with_a_ciphertext_the_error_is_the_same() {
    for key in KEYS.iter() {
        for mechanism in decrypt_mechanisms() {
            let Ok(good) = key.public.encrypt(&mechanism, b"secret") else { continue };
            let mut flipped = good.clone();
            flipped[key.len() - 1] ^= 1;
            let too_large = vec![0xff; key.len()];
            let mut bad = vec![&good[1..], &[], &too_large];
            if mechanism != DecryptMechanism::Pkcs1 {
                // With PKCS#1 v1.5 a short key answers with random bytes.
                bad.push(&flipped);
            }
            for ciphertext in bad {
                let error = key.private.decrypt(&mechanism, ciphertext).unwrap_err();
                assert_eq!(error.to_string(), "invalid input while decrypting", "{mechanism:?}");
                assert!(std::error::Error::source(&error).is_none());
            }
            if let DecryptMechanism::Oaep { hash, mgf, .. } = mechanism {
                let relabelled = DecryptMechanism::Oaep { hash, mgf, label: b"other".to_vec() };
                let error = key.private.decrypt(&relabelled, &good).unwrap_err();
                assert_eq!(error.to_string(), "invalid input while decrypting");
            }
        }
    }
}

#[test]
fn bad_padding_never_shows_the_message() {
    for key in KEYS.iter() {
        let mut ciphertext = key.public.encrypt(&DecryptMechanism::Pkcs1, b"secret").unwrap();
        ciphertext[key.len() - 1] ^= 1;
        match key.private.decrypt(&DecryptMechanism::Pkcs1, &ciphertext) {
            Ok(random) => assert_ne!(random.expose(), b"secret"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput),
        }
    }
}

#[test]
fn input_that_does_not_fit_is_refused() {
    for key in KEYS.iter() {
        let refused = |request: &SignRequest<'_>| {
            assert_eq!(key.private.sign(request).unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(key.public.verify(request, &vec![0; key.len()]).unwrap_err().kind(), ErrorKind::InvalidInput);
        };
        key.private.sign(&message(SignMechanism::Pkcs1Raw, &vec![1; key.len() - 11])).unwrap();
        refused(&message(SignMechanism::Pkcs1Raw, &vec![1; key.len() - 10]));
        refused(&SignRequest { mechanism: SignMechanism::Pkcs1Raw, input: SignInput::Digest(&[1; 32]) });
        for hash in Hash::ALL {
            let short = vec![1; hash.len() - 1];
            let input = SignInput::Digest(&short);
            refused(&SignRequest { mechanism: SignMechanism::Pkcs1(hash), input });
            refused(&SignRequest { mechanism: SignMechanism::Pss { hash, mgf: hash, salt_len: 0 }, input });
            let longest = pss::longest_salt(bits(key.private.public().0), hash).unwrap();
            for salt_len in [longest + 1, key.len(), usize::MAX] {
                let request = message(SignMechanism::Pss { hash, mgf: hash, salt_len }, b"message");
                assert_eq!(key.private.sign(&request).unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(key.public.verify(&request, &vec![0; key.len()]).unwrap_err().kind(), ErrorKind::Mismatch);
            }
        }
        let short = key.public.verify(&message(SignMechanism::Pkcs1Raw, b"x"), &vec![0; key.len() - 1]);
        assert_eq!(short.unwrap_err().kind(), ErrorKind::InvalidInput);
        let long = key.public.encrypt(&DecryptMechanism::Pkcs1, &vec![1; key.len() - 10]);
        assert_eq!(long.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_key_that_was_changed_anywhere_is_not_taken() {
    let request = message(SignMechanism::Pkcs1(Hash::Sha256), b"message");
    let mut reached_the_engine = 0;
    for key in [&KEYS[0], &KEYS[2]] {
        let der = key.der.expose();
        for at in 0..der.len() {
            for pattern in [0x01, 0x80, 0xff] {
                let mut changed = der.to_vec();
                changed[at] ^= pattern;
                reached_the_engine += usize::from(RsaPrivateKeyRef::from_der(&changed).is_ok());
                if let Ok(taken) = PrivateKey::from_pkcs1_der(&changed) {
                    // Crate `rsa` works the CRT's numbers out of the others and does not look at those of the file.
                    assert!(key.private.aws_lc.is_none(), "byte {at} with {pattern:#x}");
                    assert_eq!(taken.sign(&request).unwrap(), key.private.sign(&request).unwrap());
                }
            }
            assert!(PrivateKey::from_pkcs1_der(&der[..at]).is_err());
        }
        assert!(PrivateKey::from_pkcs1_der(&[der, &[0]].concat()).is_err());
    }
    assert!(reached_the_engine > 4000, "{reached_the_engine}");
}

#[test]
fn sizes_out_of_range_are_unsupported() {
    let integer = |bits: usize| {
        let mut bytes = vec![0xff; bits.div_ceil(8)];
        bytes[0] >>= bytes.len() * 8 - bits;
        bytes
    };
    for bits in [1, 512, 1023, 8193, 100_000] {
        let error = PublicKey::new(&integer(bits), &[1, 0, 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{bits}");

        let (n, one) = (integer(bits), [1_u8]);
        let uint = |bytes| der::asn1::UintRef::new(bytes).unwrap();
        let key = RsaPrivateKeyRef {
            modulus: uint(&n),
            public_exponent: uint(&one),
            private_exponent: uint(&one),
            prime1: uint(&one),
            prime2: uint(&one),
            exponent1: uint(&one),
            exponent2: uint(&one),
            coefficient: uint(&one),
            other_prime_infos: None,
        };
        let error = PrivateKey::from_pkcs1_der(&der::Encode::to_der(&key).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{bits}");
    }
    assert_eq!(PublicKey::new(&[], &[1, 0, 1]).unwrap_err().kind(), ErrorKind::Unsupported);
    for exponent in [&[][..], &[1], &[2], &[0xff; 5], &[0xff; 300]] {
        assert_eq!(PublicKey::new(&integer(2048), exponent).unwrap_err().kind(), ErrorKind::Damaged);
    }
    for bits in [0, 1024, 2047, 8192] {
        assert_eq!(generate(bits).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn leading_zeros_of_the_public_numbers_do_not_matter() {
    let (modulus, exponent) = KEYS[0].private.public();
    let public = PublicKey::new(&[&[0, 0], modulus].concat(), &[&[0], exponent].concat()).unwrap();
    let request = message(SignMechanism::Pkcs1(Hash::Sha256), b"message");
    public.verify(&request, &KEYS[0].private.sign(&request).unwrap()).unwrap();
}

#[test]
fn one_key_signs_on_many_threads() {
    let request = message(SignMechanism::Pkcs1(Hash::Sha256), b"message");
    let expected = KEYS[0].private.sign(&request).unwrap();
    std::thread::scope(|scope| {
        let sign = || (0..20).all(|_| KEYS[0].private.sign(&request).unwrap() == expected);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(sign)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}

#[test]
fn a_private_key_does_not_print_itself() {
    assert_eq!(format!("{:?}", KEYS[0].private), "PrivateKey(2048 bits)");
}

proptest! {
    #[test]
    fn any_content_is_no_digest_info_unless_it_is_exactly_one(content: Vec<u8>, hash in 0..4_usize, digest: [u8; 64]) {
        prop_assert!(digest_info::parse(&content).is_none());
        let hash = Hash::ALL[hash];
        let info = digest_info::write(hash, &digest[..hash.len()]);
        prop_assert_eq!(digest_info::parse(&info), Some((hash, &digest[..hash.len()])));
        prop_assert!(digest_info::parse(&[&info[..], &[0]].concat()).is_none());
        prop_assert!(digest_info::parse(&info[..info.len() - 1]).is_none());
    }

    #[test]
    fn no_bytes_verify(signature: Vec<u8>, mechanism in 0..20_usize) {
        let key = &KEYS[2];
        let all = mechanisms(bits(key.private.public().0));
        let request = message(all[mechanism % all.len()], b"message");
        let mut padded = signature;
        padded.resize(key.len(), 0x5a);
        prop_assert!(key.public.verify(&request, &padded).is_err());
    }
}
