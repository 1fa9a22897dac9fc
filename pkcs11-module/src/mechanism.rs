//! This file says which mechanisms there are and what their numbers and parameters mean to the library.

use cryptoki_sys::*;
use ingam::mechanism::{DecryptMechanism, Hash, SignMechanism};

use crate::abi::parameter::{GivenMechanism, Parameter};
use crate::message::Form;
use crate::rv::Answer;
use crate::session_object::{GENERATED_BITS, GENERATED_BYTES};

/// RSA keys in bits: what old certificates have, and what nobody exceeds.
const RSA_BITS: (CK_ULONG, CK_ULONG) = (1024, 8192);

const SIGN: CK_FLAGS = CKF_SIGN | CKF_VERIFY;
const CRYPT: CK_FLAGS = CKF_ENCRYPT | CKF_DECRYPT;

/// Every mechanism and what it can do.
const MECHANISMS: [(CK_MECHANISM_TYPE, CK_FLAGS); 17] = [
    (CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR),
    (CKM_RSA_PKCS, SIGN | CRYPT),
    (CKM_SHA1_RSA_PKCS, SIGN),
    (CKM_SHA256_RSA_PKCS, SIGN),
    (CKM_SHA384_RSA_PKCS, SIGN),
    (CKM_SHA512_RSA_PKCS, SIGN),
    (CKM_RSA_PKCS_PSS, SIGN),
    (CKM_SHA1_RSA_PKCS_PSS, SIGN),
    (CKM_SHA256_RSA_PKCS_PSS, SIGN),
    (CKM_SHA384_RSA_PKCS_PSS, SIGN),
    (CKM_SHA512_RSA_PKCS_PSS, SIGN),
    (CKM_RSA_PKCS_OAEP, CRYPT),
    (CKM_SHA_1, CKF_DIGEST),
    (CKM_SHA256, CKF_DIGEST),
    (CKM_SHA384, CKF_DIGEST),
    (CKM_SHA512, CKF_DIGEST),
    (CKM_GENERIC_SECRET_KEY_GEN, CKF_GENERATE),
];

/// The numbers of all mechanisms.
pub(crate) const LIST: [CK_MECHANISM_TYPE; MECHANISMS.len()] = {
    let mut list = [0; MECHANISMS.len()];
    let mut index = 0;
    while index < list.len() {
        list[index] = MECHANISMS[index].0;
        index += 1;
    }
    list
};

/// What a mechanism can do.
///
/// # Errors
/// `CKR_MECHANISM_INVALID`.
pub(crate) fn info(kind: CK_MECHANISM_TYPE) -> Answer<CK_MECHANISM_INFO> {
    let (_, flags) = MECHANISMS.iter().find(|(known, _)| *known == kind).ok_or(CKR_MECHANISM_INVALID)?;
    let (min, max) = match *flags {
        CKF_DIGEST => (0, 0),
        CKF_GENERATE_KEY_PAIR => GENERATED_BITS,
        // In bits too (PKCS#11 3.0 mechanisms 2.3.5).
        CKF_GENERATE => (GENERATED_BYTES.0 * 8, GENERATED_BYTES.1 * 8),
        _ => RSA_BITS,
    };
    Ok(CK_MECHANISM_INFO { ulMinKeySize: min, ulMaxKeySize: max, flags: *flags })
}

/// Whether a mechanism can do this (a `CKF_…`).
///
/// # Errors
/// `CKR_MECHANISM_INVALID`.
pub(crate) fn can(kind: CK_MECHANISM_TYPE, what: CK_FLAGS) -> Answer {
    if info(kind)?.flags & what == 0 { Err(CKR_MECHANISM_INVALID.into()) } else { Ok(()) }
}

/// How a signature is made, and what is signed, under a key whose modulus has this many bits.
///
/// # Errors
/// `CKR_MECHANISM_INVALID`, `CKR_MECHANISM_PARAM_INVALID`.
pub(crate) fn signature(given: &GivenMechanism, bits: usize) -> Answer<(SignMechanism, Form)> {
    let pkcs1 = |hash| match given.parameter {
        Parameter::None => Ok((SignMechanism::Pkcs1(hash), Form::Hashed(hash))),
        _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
    };
    match given.kind {
        CKM_RSA_PKCS => match given.parameter {
            Parameter::None => Ok((SignMechanism::Pkcs1Raw, Form::Raw { limit: bits.div_ceil(8).saturating_sub(11) })),
            _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
        },
        CKM_SHA1_RSA_PKCS => pkcs1(Hash::Sha1),
        CKM_SHA256_RSA_PKCS => pkcs1(Hash::Sha256),
        CKM_SHA384_RSA_PKCS => pkcs1(Hash::Sha384),
        CKM_SHA512_RSA_PKCS => pkcs1(Hash::Sha512),
        CKM_RSA_PKCS_PSS => {
            let (mechanism, hash) = pss(&given.parameter, bits)?;
            Ok((mechanism, Form::Digest(hash)))
        }
        CKM_SHA1_RSA_PKCS_PSS => hashed_pss(&given.parameter, bits, Hash::Sha1),
        CKM_SHA256_RSA_PKCS_PSS => hashed_pss(&given.parameter, bits, Hash::Sha256),
        CKM_SHA384_RSA_PKCS_PSS => hashed_pss(&given.parameter, bits, Hash::Sha384),
        CKM_SHA512_RSA_PKCS_PSS => hashed_pss(&given.parameter, bits, Hash::Sha512),
        _ => Err(CKR_MECHANISM_INVALID.into()),
    }
}

fn hashed_pss(parameter: &Parameter, bits: usize, expected: Hash) -> Answer<(SignMechanism, Form)> {
    let (mechanism, hash) = pss(parameter, bits)?;
    if hash == expected { Ok((mechanism, Form::Hashed(hash))) } else { Err(CKR_MECHANISM_PARAM_INVALID.into()) }
}

fn pss(parameter: &Parameter, bits: usize) -> Answer<(SignMechanism, Hash)> {
    let Parameter::Pss { hash: number, mgf: generator, salt } = *parameter else {
        return Err(CKR_MECHANISM_PARAM_INVALID.into());
    };
    let (hash, mgf) = (hash(number)?, mgf(generator)?);
    // RFC 8017 9.1.1: the encoded message has one bit less than the modulus and holds hash, salt and two bytes.
    let room = bits.saturating_sub(1).div_ceil(8).checked_sub(hash.len() + 2);
    let salt_len = usize::try_from(salt).ok().filter(|salt| room.is_some_and(|room| *salt <= room));
    let salt_len = salt_len.ok_or(CKR_MECHANISM_PARAM_INVALID)?;
    Ok((SignMechanism::Pss { hash, mgf, salt_len }, hash))
}

/// How something is encrypted and decrypted.
///
/// # Errors
/// `CKR_MECHANISM_INVALID`, `CKR_MECHANISM_PARAM_INVALID`.
pub(crate) fn encryption(given: GivenMechanism) -> Answer<DecryptMechanism> {
    match (given.kind, given.parameter) {
        (CKM_RSA_PKCS, Parameter::None) => Ok(DecryptMechanism::Pkcs1),
        // The defaults of RFC 8017 A.2.1.
        (CKM_RSA_PKCS_OAEP, Parameter::None) => {
            Ok(DecryptMechanism::Oaep { hash: Hash::Sha1, mgf: Hash::Sha1, label: Vec::new() })
        }
        // Some clients leave the source at zero when they have no label.
        (CKM_RSA_PKCS_OAEP, Parameter::Oaep { hash: number, mgf: generator, source, label })
            if source == CKZ_DATA_SPECIFIED || source == 0 && label.is_empty() =>
        {
            Ok(DecryptMechanism::Oaep { hash: hash(number)?, mgf: mgf(generator)?, label })
        }
        (CKM_RSA_PKCS | CKM_RSA_PKCS_OAEP, _) => Err(CKR_MECHANISM_PARAM_INVALID.into()),
        _ => Err(CKR_MECHANISM_INVALID.into()),
    }
}

/// The hash of a digest mechanism.
///
/// # Errors
/// `CKR_MECHANISM_INVALID`, `CKR_MECHANISM_PARAM_INVALID`.
pub(crate) fn digest(given: &GivenMechanism) -> Answer<Hash> {
    let hash = hash(given.kind).map_err(|_| CKR_MECHANISM_INVALID)?;
    match given.parameter {
        Parameter::None => Ok(hash),
        _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
    }
}

fn hash(kind: CK_MECHANISM_TYPE) -> Answer<Hash> {
    match kind {
        CKM_SHA_1 => Ok(Hash::Sha1),
        CKM_SHA256 => Ok(Hash::Sha256),
        CKM_SHA384 => Ok(Hash::Sha384),
        CKM_SHA512 => Ok(Hash::Sha512),
        _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
    }
}

fn mgf(generator: CK_RSA_PKCS_MGF_TYPE) -> Answer<Hash> {
    match generator {
        CKG_MGF1_SHA1 => Ok(Hash::Sha1),
        CKG_MGF1_SHA256 => Ok(Hash::Sha256),
        CKG_MGF1_SHA384 => Ok(Hash::Sha384),
        CKG_MGF1_SHA512 => Ok(Hash::Sha512),
        _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pss_given(salt: CK_ULONG) -> GivenMechanism {
        let parameter = Parameter::Pss { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, salt };
        GivenMechanism { kind: CKM_SHA256_RSA_PKCS_PSS, parameter }
    }

    #[test]
    fn every_listed_signature_mechanism_is_understood() {
        for (kind, flags) in MECHANISMS {
            let hash = match kind {
                CKM_SHA1_RSA_PKCS_PSS => CKM_SHA_1,
                CKM_SHA384_RSA_PKCS_PSS => CKM_SHA384,
                CKM_SHA512_RSA_PKCS_PSS => CKM_SHA512,
                _ => CKM_SHA256,
            };
            let parameter = match kind {
                CKM_RSA_PKCS_PSS
                | CKM_SHA1_RSA_PKCS_PSS
                | CKM_SHA256_RSA_PKCS_PSS
                | CKM_SHA384_RSA_PKCS_PSS
                | CKM_SHA512_RSA_PKCS_PSS => Parameter::Pss { hash, mgf: CKG_MGF1_SHA256, salt: 20 },
                _ => Parameter::None,
            };
            let given = GivenMechanism { kind, parameter };
            assert_eq!(signature(&given, 2048).is_ok(), flags & CKF_SIGN != 0, "{kind:#x}");
            assert_eq!(digest(&given).is_ok(), flags & CKF_DIGEST != 0, "{kind:#x}");
            assert_eq!(encryption(given).is_ok(), flags & CKF_DECRYPT != 0, "{kind:#x}");
        }
    }

    #[test]
    fn a_salt_fits_into_the_modulus_or_is_refused() {
        assert!(signature(&pss_given(2048 / 8 - 32 - 2), 2048).is_ok());
        for salt in [2048 / 8 - 32 - 1, CK_ULONG::MAX] {
            assert_eq!(signature(&pss_given(salt), 2048).err().map(|rv| rv.code()), Some(CKR_MECHANISM_PARAM_INVALID));
        }
    }

    #[test]
    fn pss_with_another_hash_than_the_mechanism_says_is_refused() {
        let given = GivenMechanism { kind: CKM_SHA512_RSA_PKCS_PSS, ..pss_given(32) };
        assert_eq!(signature(&given, 2048).err().map(|rv| rv.code()), Some(CKR_MECHANISM_PARAM_INVALID));
    }
}
