//! This file opens and seals `signPri.key` and `kmPri.key`: EncryptedPrivateKeyInfo under a password.

use std::fmt;

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::referenced::OwnedToRef;
use der::{Decode, Encode, Sequence};
use encoding_rs::{EUC_KR, EncoderResult};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::crypto::{Limits, Pbe, PbeError};
use crate::error::{Error, ErrorKind};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::pin::Pin;

/// A locked private key: the DER of an EncryptedPrivateKeyInfo, checked and cut to its length.
#[derive(Clone, Debug)]
pub struct SealedKey {
    der: Box<[u8]>,
    scheme: Pbe,
    /// The ciphertext is the last thing in the DER.
    ciphertext_len: usize,
}

/// Why a key file does not open (decisions: wrong, damaged and mismatched are told apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFileError {
    /// The outer DER, the parameters or the ciphertext length is wrong: no password opens it.
    Damaged(&'static str),
    /// An algorithm that this library does not know.
    UnknownAlgorithm(ObjectIdentifier),
    /// More iterations than the limit; nothing was computed.
    TooManyIterations(u64),
    /// Wrong password, or the ciphertext is damaged: the two cannot be told apart.
    WrongPassword,
}

/// RFC 5208 section 6.
#[derive(Sequence)]
struct EncryptedPrivateKeyInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    ciphertext: &'a OctetStringRef,
}

impl SealedKey {
    /// The longest key file that is read, in bytes.
    pub const MAX_LEN: usize = 1 << 20;

    /// Reads a key file. Bytes behind the outer SEQUENCE are ignored (stale bytes of an in-place rewrite).
    ///
    /// # Errors
    /// `Damaged`, `UnknownAlgorithm`, `TooManyIterations`; no key derivation is done.
    pub fn from_der(bytes: &[u8], limits: Limits) -> Result<Self, KeyFileError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(KeyFileError::Damaged("longer than 1 MiB"));
        }
        let (file, stale) = EncryptedPrivateKeyInfo::from_der_partial(bytes)
            .map_err(|_| KeyFileError::Damaged("EncryptedPrivateKeyInfo"))?;
        let scheme = Pbe::from_algorithm(file.algorithm, limits)?;
        let ciphertext = file.ciphertext.as_bytes();
        scheme.check_ciphertext(ciphertext)?;
        Ok(Self { der: bytes[..bytes.len() - stale.len()].into(), scheme, ciphertext_len: ciphertext.len() })
    }

    /// Opens it. Tries the password as UTF-8, then, if it is not ASCII, as CP949 and as low bytes of UTF-16: Korean
    /// programs do not agree. Each try costs one key derivation.
    ///
    /// # Errors
    /// `WrongPassword`; `UnknownAlgorithm` if it opens but holds no RSA key.
    pub fn open(&self, password: &Pin) -> Result<PrivateKeyInfo, KeyFileError> {
        match self.open_with(password.expose()) {
            Err(KeyFileError::WrongPassword) => {}
            done => return done,
        }
        for encode in [cp949, utf16_low_bytes] {
            let Some(password) = text_beyond_ascii(password).and_then(encode) else { continue };
            match self.open_with(&password) {
                Err(KeyFileError::WrongPassword) => {}
                done => return done,
            }
        }
        Err(KeyFileError::WrongPassword)
    }

    fn open_with(&self, password: &[u8]) -> Result<PrivateKeyInfo, KeyFileError> {
        let ciphertext = &self.der[self.der.len() - self.ciphertext_len..];
        let plaintext = self.scheme.decrypt(password, ciphertext).ok_or(KeyFileError::WrongPassword)?;
        // A wrong password passes the padding once in 256 times, so what does not parse is a wrong password too.
        PrivateKeyInfo::from_der(plaintext).map_err(|error| match error {
            KeyFileError::Damaged(_) => KeyFileError::WrongPassword,
            other => other,
        })
    }

    /// Seals a key under this scheme; the PrivateKeyInfo's bytes go in unchanged. The password is taken as typed.
    ///
    /// # Errors
    /// `Damaged` if the file would be longer than [`MAX_LEN`](Self::MAX_LEN).
    pub fn seal(key: &PrivateKeyInfo, password: &Pin, scheme: &Pbe) -> Result<Self, KeyFileError> {
        let ciphertext = scheme.encrypt(password.expose(), key.der());
        let write = || {
            let algorithm = scheme.algorithm()?;
            let ciphertext = OctetStringRef::new(&ciphertext)?;
            EncryptedPrivateKeyInfo { algorithm: algorithm.owned_to_ref(), ciphertext }.to_der()
        };
        match write() {
            Ok(der) if der.len() <= Self::MAX_LEN => {
                Ok(Self { der: der.into(), scheme: scheme.clone(), ciphertext_len: ciphertext.len() })
            }
            _ => Err(KeyFileError::Damaged("longer than 1 MiB")),
        }
    }

    /// The file's bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How it is sealed.
    #[must_use]
    pub fn scheme(&self) -> &Pbe {
        &self.scheme
    }
}

/// The password as text, if its encodings differ.
fn text_beyond_ascii(password: &Pin) -> Option<&str> {
    std::str::from_utf8(password.expose()).ok().filter(|text| !text.is_ascii())
}

/// What software on Korean Windows feeds its key derivation.
fn cp949(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut encoder = EUC_KR.new_encoder();
    let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
    let mut bytes = Zeroizing::new(vec![0; room]);
    let (result, _, written) = encoder.encode_from_utf8_without_replacement(text, &mut bytes, true);
    bytes.truncate(written);
    (result == EncoderResult::InputEmpty).then_some(bytes)
}

/// What software does that takes each `char` of Java or JavaScript for a byte.
fn utf16_low_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(text.encode_utf16().map(|unit| unit.to_le_bytes()[0]));
    Some(bytes)
}

impl From<PbeError> for KeyFileError {
    fn from(error: PbeError) -> Self {
        match error {
            PbeError::Damaged(what) => Self::Damaged(what),
            PbeError::UnknownAlgorithm(oid) => Self::UnknownAlgorithm(oid),
            PbeError::TooManyIterations(iterations) => Self::TooManyIterations(iterations),
        }
    }
}

impl From<KeyFileError> for Error {
    fn from(error: KeyFileError) -> Self {
        let kind = match error {
            KeyFileError::Damaged(_) => ErrorKind::Damaged,
            KeyFileError::UnknownAlgorithm(_) | KeyFileError::TooManyIterations(_) => ErrorKind::Unsupported,
            KeyFileError::WrongPassword => ErrorKind::PinIncorrect { tries_left: None },
        };
        Self::new(kind, "opening a key file").caused_by(error)
    }
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Damaged(what) => PbeError::Damaged(what).fmt(f),
            Self::UnknownAlgorithm(oid) => PbeError::UnknownAlgorithm(oid).fmt(f),
            Self::TooManyIterations(iterations) => PbeError::TooManyIterations(iterations).fmt(f),
            Self::WrongPassword => f.write_str("wrong password, or the file is damaged"),
        }
    }
}

impl std::error::Error for KeyFileError {}
