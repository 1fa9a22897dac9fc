//! This file names what a key can be asked to do: signature and decryption mechanisms, free of any PKCS#11 type.

/// A hash function of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1: old certificates and OAEP only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Every hash.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Digest length in bytes.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// How a signature is made (RFC 8017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignMechanism {
    /// RSASSA-PKCS1-v1_5 with this hash.
    Pkcs1(Hash),
    /// PKCS#1 v1.5 padding around whatever the caller hands in, at most modulus length − 11 bytes: usually a DigestInfo
    /// of its own (`CKM_RSA_PKCS`). The input is the message.
    Pkcs1Raw,
    /// RSASSA-PSS; `salt_len` in bytes.
    Pss {
        /// Hash of the message.
        hash: Hash,
        /// Hash of MGF1.
        mgf: Hash,
        /// Salt length in bytes.
        salt_len: usize,
    },
}

/// What is signed: the message, or the digest that the mechanism's hash made of it.
#[derive(Clone, Copy, Debug)]
pub enum SignInput<'a> {
    /// The whole message; the signer hashes it.
    Message(&'a [u8]),
    /// The digest, exactly as long as the mechanism's hash.
    Digest(&'a [u8]),
}

/// One signature.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// How.
    pub mechanism: SignMechanism,
    /// What.
    pub input: SignInput<'a>,
}

/// How a ciphertext is opened (RFC 8017).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecryptMechanism {
    /// RSAES-PKCS1-v1_5. Every failure is one and the same error.
    Pkcs1,
    /// RSAES-OAEP.
    Oaep {
        /// Hash of the label.
        hash: Hash,
        /// Hash of MGF1.
        mgf: Hash,
        /// The label, usually empty.
        label: Vec<u8>,
    },
}
