//! This file is the AlgorithmIdentifier of a PBE, to and from DER (RFC 8018 appendix A).

use der::Sequence;
use der::asn1::{Any, AnyRef, ObjectIdentifier, OctetString, OctetStringRef, UintRef};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};

use super::{Cipher, Limits, Pbe, PbeError, Scheme};
use crate::mechanism::Hash;

const SEED_CBC_WITH_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.1.15");
const SEED_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.1.4");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");

/// PBEParameter (RFC 8018 appendix A.3), which the Korean schemes use with a salt of any length.
#[derive(Sequence)]
struct PbeParameter<'a> {
    salt: &'a OctetStringRef,
    iterations: UintRef<'a>,
}

/// PBES2-params (RFC 8018 appendix A.4).
#[derive(Sequence)]
struct Pbes2Params<'a> {
    key_derivation: AlgorithmIdentifierRef<'a>,
    encryption: AlgorithmIdentifierRef<'a>,
}

/// PBKDF2-params (RFC 8018 appendix A.2). No software is known to use the other kind of salt.
#[derive(Sequence)]
struct Pbkdf2Params<'a> {
    salt: &'a OctetStringRef,
    iterations: UintRef<'a>,
    #[asn1(optional = "true")]
    key_length: Option<UintRef<'a>>,
    #[asn1(optional = "true")]
    prf: Option<AlgorithmIdentifierRef<'a>>,
}

impl Pbe {
    /// Reads the AlgorithmIdentifier. Checks everything that can be checked without deriving a key.
    ///
    /// # Errors
    /// `Damaged`, `UnknownAlgorithm`, `TooManyIterations`.
    pub fn from_algorithm(algorithm: AlgorithmIdentifierRef<'_>, limits: Limits) -> Result<Self, PbeError> {
        let scheme = match algorithm.oid {
            SEED_CBC_WITH_SHA1 => Scheme::SeedCbcWithSha1,
            SEED_CBC => Scheme::SeedCbc,
            PBES2 => return Self::from_pbes2(parameters(algorithm.parameters)?, limits),
            unknown => return Err(PbeError::UnknownAlgorithm(unknown)),
        };
        let PbeParameter { salt, iterations } = parameters(algorithm.parameters)?;
        Ok(Self {
            scheme,
            salt: checked_salt(salt)?,
            iterations: checked_iterations(iterations, limits)?,
            iv: Box::default(),
        })
    }

    fn from_pbes2(params: Pbes2Params<'_>, limits: Limits) -> Result<Self, PbeError> {
        if params.key_derivation.oid != PBKDF2 {
            return Err(PbeError::UnknownAlgorithm(params.key_derivation.oid));
        }
        let Pbkdf2Params { salt, iterations, key_length, prf } = parameters(params.key_derivation.parameters)?;
        let unknown = PbeError::UnknownAlgorithm(params.encryption.oid);
        let cipher = Cipher::ALL.into_iter().find(|cipher| cipher.oid() == params.encryption.oid).ok_or(unknown)?;
        let prf = prf.map_or(Ok(Hash::Sha1), checked_prf)?;

        // Every cipher here has one key length; a file that says another one was sealed in a way we cannot know.
        if key_length.is_some_and(|length| integer(length) != cipher.key_len() as u64) {
            return Err(PbeError::Damaged("key length of the key derivation"));
        }
        let iv: &OctetStringRef = parameters(params.encryption.parameters)?;
        if iv.as_bytes().len() != cipher.block_len() {
            return Err(PbeError::Damaged("length of the IV"));
        }
        Ok(Self {
            scheme: Scheme::Pbes2 { cipher, prf },
            salt: checked_salt(salt)?,
            iterations: checked_iterations(iterations, limits)?,
            iv: iv.as_bytes().into(),
        })
    }

    /// The AlgorithmIdentifier as Korean software writes it: no key length, and no PRF where it is HMAC-SHA-1.
    ///
    /// # Errors
    /// Only if a part is too long for DER, which the limits rule out.
    pub fn algorithm(&self) -> der::Result<AlgorithmIdentifierOwned> {
        let salt = OctetStringRef::new(&self.salt)?;
        let iterations = self.iterations.to_be_bytes();
        let iterations = UintRef::new(&iterations)?;
        let (oid, parameters) = match self.scheme {
            Scheme::SeedCbcWithSha1 => (SEED_CBC_WITH_SHA1, Any::encode_from(&PbeParameter { salt, iterations })?),
            Scheme::SeedCbc => (SEED_CBC, Any::encode_from(&PbeParameter { salt, iterations })?),
            Scheme::Pbes2 { cipher, prf } => {
                let null = AlgorithmIdentifierRef { oid: prf_oid(prf), parameters: Some(AnyRef::NULL) };
                let prf = (prf != Hash::Sha1).then_some(null);
                let kdf = Any::encode_from(&Pbkdf2Params { salt, iterations, key_length: None, prf })?;
                let iv = Any::encode_from(&OctetString::new(&*self.iv)?)?;
                let params = Pbes2Params {
                    key_derivation: AlgorithmIdentifierRef { oid: PBKDF2, parameters: Some((&kdf).into()) },
                    encryption: AlgorithmIdentifierRef { oid: cipher.oid(), parameters: Some((&iv).into()) },
                };
                (PBES2, Any::encode_from(&params)?)
            }
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters: Some(parameters) })
    }
}

/// The parameters of an algorithm as the type that its OBJECT IDENTIFIER asks for.
fn parameters<'a, T>(parameters: Option<AnyRef<'a>>) -> Result<T, PbeError>
where
    T: der::Choice<'a, Error = der::Error> + der::DecodeValue<'a, Error = der::Error>,
{
    let damaged = PbeError::Damaged("parameters of the encryption");
    parameters.ok_or(damaged)?.decode_as().map_err(|_| damaged)
}

fn checked_salt(salt: &OctetStringRef) -> Result<Box<[u8]>, PbeError> {
    if !(1..=Pbe::MAX_SALT_LEN).contains(&salt.as_bytes().len()) {
        return Err(PbeError::Damaged("length of the salt"));
    }
    Ok(salt.as_bytes().into())
}

fn checked_iterations(iterations: UintRef<'_>, limits: Limits) -> Result<u32, PbeError> {
    let iterations = integer(iterations);
    match u32::try_from(iterations) {
        Ok(0) => Err(PbeError::Damaged("iterations of the key derivation")),
        Ok(iterations) if iterations <= limits.iterations.min(Limits::CEILING) => Ok(iterations),
        _ => Err(PbeError::TooManyIterations(iterations)),
    }
}

/// The integer, or the greatest one if it does not fit.
fn integer(bytes: UintRef<'_>) -> u64 {
    if bytes.as_bytes().len() > 8 {
        return u64::MAX;
    }
    bytes.as_bytes().iter().fold(0, |integer, &byte| integer << 8 | u64::from(byte))
}

fn checked_prf(prf: AlgorithmIdentifierRef<'_>) -> Result<Hash, PbeError> {
    // RFC 8018 asks for NULL parameters; some software leaves them out.
    if prf.parameters.is_some_and(|parameters| !parameters.is_null()) {
        return Err(PbeError::Damaged("PRF of the key derivation"));
    }
    Hash::ALL.into_iter().find(|&hash| prf_oid(hash) == prf.oid).ok_or(PbeError::UnknownAlgorithm(prf.oid))
}

/// HMAC with this hash (RFC 8018 appendix B.1).
const fn prf_oid(hash: Hash) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match hash {
        Hash::Sha1 => "1.2.840.113549.2.7",
        Hash::Sha256 => "1.2.840.113549.2.9",
        Hash::Sha384 => "1.2.840.113549.2.10",
        Hash::Sha512 => "1.2.840.113549.2.11",
    })
}
