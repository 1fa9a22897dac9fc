//! This file holds what a user calls "a certificate" (공동인증서 한 벌) and says which key belongs to which certificate.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::certificate::Certificate;
use crate::error::Error;
use crate::secret::SecretBytes;

/// The name of one certificate set within its medium: for an NPKI folder the path below its root.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryName(Arc<str>);

impl EntryName {
    /// The set of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a pair is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// 서명용: `signCert.der`, `signPri.key`.
    Sign,
    /// 암호화용, 키분배용: `kmCert.der`, `kmPri.key`.
    KeyManagement,
}

/// Names one private key within its medium.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    /// The set that it belongs to.
    pub entry: EntryName,
    /// Which of the set's keys.
    pub purpose: Purpose,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo. A set that was renewed in its place has another key under the
    /// same name; who asks for the old one must not sign with the new one.
    pub public_key: [u8; 32],
}

impl KeyId {
    /// The key of this certificate.
    #[must_use]
    pub fn new(entry: &EntryName, purpose: Purpose, certificate: &Certificate) -> Self {
        let public_key = Sha256::digest(certificate.public_key_info()).into();
        Self { entry: entry.clone(), purpose, public_key }
    }

    /// The same key where its set has another name.
    #[must_use]
    pub fn in_entry(&self, entry: &EntryName) -> Self {
        Self { entry: entry.clone(), ..*self }
    }
}

/// A certificate and, where the medium has it, its private key.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What the pair is for.
    pub purpose: Purpose,
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Names the private key; `None` if the medium has the certificate alone. A token that hides its keys until a login is
    /// taken to have it.
    pub key: Option<KeyId>,
    /// CKA_ID: what the token's own objects have, else [`Certificate::key_id`].
    pub id: Vec<u8>,
}

/// 공동인증서 한 벌: the signing pair, the optional encryption pair and the CA certificates kept with them.
#[derive(Clone, Debug)]
pub struct Credential {
    /// 서명용.
    pub sign: Pair,
    /// 암호화용, if the set has one.
    pub km: Option<Pair>,
    /// CA certificates of `CaPubs`, as ordered there: root first.
    pub ca_certificates: Vec<Arc<Certificate>>,
}

impl Credential {
    /// The signing pair, then the encryption pair.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        std::iter::once(&self.sign).chain(&self.km)
    }
}

/// One certificate set of a medium, readable or not.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name within the medium.
    pub name: EntryName,
    /// The set, or why it cannot be used.
    pub content: Result<Credential, Error>,
    /// What of a usable set could not be read (a damaged `CaPubs` or km pair), each with its reason.
    pub problems: Vec<Error>,
}

/// R, randomNum (본인확인 정보): 20 random bytes beside the private key, OID 1.2.410.200004.10.1.1.3. All 20 bytes count,
/// leading zeros too.
#[derive(Debug)]
pub struct VidRandom(SecretBytes);

impl VidRandom {
    /// Length in bytes (KCAC.TS.SIVID: at least 160 bits).
    pub const LEN: usize = 20;

    /// Copies the 20 bytes.
    #[must_use]
    pub fn copy_of(bytes: &[u8; Self::LEN]) -> Self {
        Self(SecretBytes::copy_of(bytes))
    }

    /// The 20 bytes. The files that may call this are listed in `tests/architecture.rs`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}
