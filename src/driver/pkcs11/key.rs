//! This file lends out a private key in a token as signer and decrypter, until its login ends.

use std::sync::Arc;

use cryptoki::context::Function;
use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use zeroize::Zeroize as _;

use super::failure::{failed, kind};
use super::module::LIMIT;
use super::session::{Open, TokenSession};
use crate::crypto::Hasher;
use crate::crypto::rsa::digest_info;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use crate::secret::SecretBytes;
use crate::token::{Decrypter, Signer};

/// Bytes of a message that the token hashes itself; a longer one is hashed here, so that it is not copied and the module is
/// free for others meanwhile.
const HASHED_THERE: usize = 1 << 16;

const SIGNING: &str = "signing with a token";
const DECRYPTING: &str = "decrypting with a token";

/// A private key in a token.
pub(super) struct TokenKey {
    pub(super) session: Arc<TokenSession>,
    /// The login that lent it out.
    pub(super) login: u64,
    pub(super) handle: ObjectHandle,
    /// Bytes of the modulus.
    pub(super) modulus_len: usize,
    pub(super) asks_each_time: bool,
    pub(super) mechanisms: Arc<[MechanismType]>,
}

/// A mechanism of the token that signs.
#[derive(Clone, Copy)]
enum How {
    /// CKM_RSA_PKCS.
    Plain,
    /// CKM_SHA…_RSA_PKCS.
    Hashed(Hash),
    /// CKM_RSA_PKCS_PSS.
    Pss(PkcsPssParams),
    /// CKM_SHA…_RSA_PKCS_PSS.
    HashedPss(Hash, PkcsPssParams),
}

impl How {
    const fn mechanism(self) -> Mechanism<'static> {
        match self {
            Self::Plain => Mechanism::RsaPkcs,
            Self::Hashed(Hash::Sha1) => Mechanism::Sha1RsaPkcs,
            Self::Hashed(Hash::Sha256) => Mechanism::Sha256RsaPkcs,
            Self::Hashed(Hash::Sha384) => Mechanism::Sha384RsaPkcs,
            Self::Hashed(Hash::Sha512) => Mechanism::Sha512RsaPkcs,
            Self::Pss(parameters) => Mechanism::RsaPkcsPss(parameters),
            Self::HashedPss(Hash::Sha1, parameters) => Mechanism::Sha1RsaPkcsPss(parameters),
            Self::HashedPss(Hash::Sha256, parameters) => Mechanism::Sha256RsaPkcsPss(parameters),
            Self::HashedPss(Hash::Sha384, parameters) => Mechanism::Sha384RsaPkcsPss(parameters),
            Self::HashedPss(Hash::Sha512, parameters) => Mechanism::Sha512RsaPkcsPss(parameters),
        }
    }
}

impl TokenKey {
    fn offers(&self, how: How) -> bool {
        self.mechanisms.contains(&how.mechanism().mechanism_type())
    }

    /// What the token is asked to do, and with which bytes.
    fn plan(&self, request: &SignRequest<'_>) -> Result<(How, Vec<u8>)> {
        let (combined, plain, hash) = match request.mechanism {
            SignMechanism::Pkcs1(hash) => (How::Hashed(hash), How::Plain, hash),
            SignMechanism::Pkcs1Raw => return self.raw(request.input),
            SignMechanism::Pss { hash, mgf, salt_len } => {
                let longest = self.modulus_len.checked_sub(hash.len() + 2);
                if longest.is_none_or(|longest| salt_len > longest) {
                    return Err(Error::new(ErrorKind::InvalidInput, "choosing the salt of a signature"));
                }
                let parameters = pss(hash, mgf, salt_len)?;
                (How::HashedPss(hash, parameters), How::Pss(parameters), hash)
            }
        };
        let offered = self.offers(plain);
        let digest = match request.input {
            SignInput::Message(message)
                if self.offers(combined) && (!offered || self.asks_each_time || message.len() <= HASHED_THERE) =>
            {
                return Ok((combined, message.to_vec()));
            }
            _ if !offered => return Err(Error::new(ErrorKind::Unsupported, SIGNING)),
            SignInput::Message(message) => Hasher::digest(hash, message),
            SignInput::Digest(digest) if digest.len() == hash.len() => digest.to_vec(),
            SignInput::Digest(_) => return Err(Error::new(ErrorKind::InvalidInput, "reading a digest")),
        };
        match request.mechanism {
            SignMechanism::Pkcs1(_) => {
                let content = digest_info(hash, &digest);
                if content.len() + 11 > self.modulus_len {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        "signing with a key that is too short for the hash",
                    ));
                }
                Ok((plain, content))
            }
            _ => Ok((plain, digest)),
        }
    }

    fn raw(&self, input: SignInput<'_>) -> Result<(How, Vec<u8>)> {
        match input {
            SignInput::Message(_) if !self.offers(How::Plain) => Err(Error::new(ErrorKind::Unsupported, SIGNING)),
            SignInput::Message(content) if content.len() + 11 <= self.modulus_len => Ok((How::Plain, content.to_vec())),
            _ => Err(Error::new(ErrorKind::InvalidInput, "padding the content of a signature")),
        }
    }
}

impl Signer for TokenKey {
    fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>> {
        let (how, content) = self.plan(request)?;
        let (handle, asks_each_time) = (self.handle, self.asks_each_time);
        self.session.logged_in(self.login, LIMIT, move |open| {
            let mechanism = how.mechanism();
            if !asks_each_time {
                return open.session.sign(&mechanism, handle, &content).map_err(failed(SIGNING));
            }
            // The PIN stands between C_SignInit and the signature; this order needs the calls for parts.
            open.session.sign_init(&mechanism, handle).map_err(failed(SIGNING))?;
            ask(open)?;
            let parts = |session: &Session| {
                session.sign_update(&content)?;
                session.sign_final()
            };
            parts(&open.session).map_err(failed(SIGNING))
        })
    }
}

impl Decrypter for TokenKey {
    fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Result<SecretBytes> {
        if ciphertext.len() != self.modulus_len {
            return Err(unreadable());
        }
        let (mechanism, ciphertext) = (mechanism.clone(), ciphertext.to_vec());
        let (handle, asks_each_time) = (self.handle, self.asks_each_time);
        self.session.logged_in(self.login, LIMIT, move |open| {
            let mechanism = match &mechanism {
                DecryptMechanism::Pkcs1 => Mechanism::RsaPkcs,
                DecryptMechanism::Oaep { hash, mgf, label } => {
                    let label = match label.is_empty() {
                        true => PkcsOaepSource::empty(),
                        false => PkcsOaepSource::data_specified(label),
                    };
                    Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash_type(*hash), mgf1(*mgf), label))
                }
            };
            if !asks_each_time {
                let plaintext = open.session.decrypt(&mechanism, handle, &ciphertext);
                return plaintext.map(SecretBytes::from).map_err(decryption_failed);
            }
            open.session.decrypt_init(&mechanism, handle).map_err(decryption_failed)?;
            ask(open)?;
            let parts = |session: &Session| {
                let mut plaintext = session.decrypt_update(&ciphertext)?;
                let mut rest = session.decrypt_final()?;
                let whole = SecretBytes::adopt([plaintext.as_slice(), &rest].concat().into());
                plaintext.zeroize();
                rest.zeroize();
                Ok(whole)
            };
            parts(&open.session).map_err(decryption_failed)
        })
    }
}

/// Gives the PIN again to a key that asks for it with each use. A PIN that is refused now is not sent a second time: it is
/// wiped and the login ends.
fn ask(open: &mut Open) -> Result<()> {
    let Some(pin) = open.login.as_ref().and_then(|login| login.pin.as_ref()) else {
        return Err(Error::new(ErrorKind::NotLoggedIn, "giving the PIN for one use of a key"));
    };
    let text = std::str::from_utf8(pin.expose()).map_err(|_| ErrorKind::InvalidInput)?;
    let typed = Some(AuthPin::from(text.to_owned())).filter(|_| !pin.is_empty());
    let answer = open.session.login(UserType::ContextSpecific, typed.as_ref());
    answer.map_err(|error| {
        open.login = None;
        drop(open.session.logout());
        failed("giving the PIN for one use of a key")(error)
    })
}

/// One error for whatever is wrong with a ciphertext: a caller who can tell padding from length can decrypt without the key.
const fn unreadable() -> Error {
    Error::new(ErrorKind::InvalidInput, "decrypting")
}

fn decryption_failed(error: Foreign) -> Error {
    match &error {
        Foreign::Pkcs11(
            RvError::ArgumentsBad | RvError::MechanismInvalid | RvError::MechanismParamInvalid,
            Function::DecryptInit,
        ) => Error::new(ErrorKind::Unsupported, DECRYPTING).caused_by(error),
        Foreign::Pkcs11(_, Function::DecryptInit) => failed(DECRYPTING)(error),
        _ if matches!(kind(&error), ErrorKind::Removed | ErrorKind::NotLoggedIn | ErrorKind::Cancelled) => {
            failed(DECRYPTING)(error)
        }
        _ => unreadable(),
    }
}

const fn hash_type(hash: Hash) -> MechanismType {
    match hash {
        Hash::Sha1 => MechanismType::SHA1,
        Hash::Sha256 => MechanismType::SHA256,
        Hash::Sha384 => MechanismType::SHA384,
        Hash::Sha512 => MechanismType::SHA512,
    }
}

const fn mgf1(hash: Hash) -> PkcsMgfType {
    match hash {
        Hash::Sha1 => PkcsMgfType::MGF1_SHA1,
        Hash::Sha256 => PkcsMgfType::MGF1_SHA256,
        Hash::Sha384 => PkcsMgfType::MGF1_SHA384,
        Hash::Sha512 => PkcsMgfType::MGF1_SHA512,
    }
}

fn pss(hash: Hash, mgf: Hash, salt_len: usize) -> Result<PkcsPssParams> {
    let s_len = salt_len.try_into().map_err(failed("choosing the salt of a signature"))?;
    Ok(PkcsPssParams { hash_alg: hash_type(hash), mgf: mgf1(mgf), s_len })
}
