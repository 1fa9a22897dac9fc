//! This file says what a token can do: list its certificates, take a PIN, and lend out keys that sign and decrypt.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::certificate::Certificate;
use crate::credential::{Entry, EntryName, KeyId, VidRandom};
use crate::error::Result;
use crate::mechanism::{DecryptMechanism, SignRequest};
use crate::pin::{Pin, Role};
use crate::secret::SecretBytes;

/// A medium that acts: a 보안토큰, a card, or a folder of key files behind [`SoftToken`](crate::storage::SoftToken).
///
/// One caller at a time (it sits in a mutex). Signers and decrypters that it lends out work without it, from any thread.
pub trait Token: Send {
    /// The certificate sets that are there now. Needs no login; what did not change is not read again.
    ///
    /// # Errors
    /// Only if the medium as a whole cannot be read; one bad set is an [`Entry`] with its reason.
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>>;

    /// Logs in. On a medium of files it succeeds when the password opens at least one key of the scope, and is
    /// remembered until logout.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`; the PIN is sent at most once.
    fn login(&mut self, role: Role, scope: &Scope, pin: &Pin) -> Result<()>;

    /// Forgets the PIN and wipes every key that it opened; signers lent out before answer `NotLoggedIn` from now on.
    fn logout(&mut self, scope: &Scope);

    /// Whether somebody is logged in, to whatever part.
    fn is_logged_in(&self) -> bool;

    /// Of `keys`, those that the PIN of this login opens. Opens each at most once until logout or file change; several
    /// are opened on all cores.
    ///
    /// # Errors
    /// `NotLoggedIn`.
    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>>;

    /// The key as a signer.
    ///
    /// # Errors
    /// `NotLoggedIn`, `NotFound`; `PinIncorrect` if the login's password does not open this key, `Mismatch` if it opens
    /// but does not fit its certificate.
    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>>;

    /// The key as a decrypter; `None` if it cannot decrypt.
    ///
    /// # Errors
    /// As [`signer`](Self::signer).
    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>>;

    /// R of this key; `None` if it has none.
    ///
    /// # Errors
    /// As [`signer`](Self::signer).
    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>>;

    /// What puts pairs on the medium and takes them away; `None` where nothing can be written.
    fn writer(&mut self) -> Option<&mut dyn Writer> {
        None
    }

    /// What changes PINs; `None` where none can be changed.
    fn admin(&mut self) -> Option<&mut dyn Admin> {
        None
    }

    /// What takes a set off the medium with its keys; `None` where no key ever leaves.
    fn exporter(&mut self) -> Option<&mut dyn Exporter> {
        None
    }

    /// What makes key pairs in the medium; `None` where none are made.
    fn generator(&mut self) -> Option<&mut dyn Generator> {
        None
    }

    /// What changes labels; `None` where there are none to change.
    fn relabeler(&mut self) -> Option<&mut dyn Relabeler> {
        None
    }

    /// What the security officer does; `None` on a medium without one.
    fn officer(&mut self) -> Option<&mut dyn Officer> {
        None
    }

    /// The slot of another PKCS#11 module that this token is, for who speaks PKCS#11 itself; `None` for every other medium.
    fn foreign(&mut self) -> Option<Arc<dyn ForeignSlot>> {
        None
    }
}

/// Puts pairs of certificate and private key on a medium and takes them away. A set is written whole: a failure leaves what
/// was there before.
pub trait Writer {
    /// Keeps a pair, its key sealed under the PIN of the login: a signing pair as a new set, an encryption pair (its
    /// keyUsage says which it is) with the signing pair of the same subject and issuer. The name under which the key is
    /// there when this returns.
    ///
    /// # Errors
    /// `NotLoggedIn`, for a signing pair also without a login to [`Scope::All`]; `Mismatch` if the key is not the
    /// certificate's; `InvalidInput` for a certificate of neither kind; `Damaged`, `Unsupported` for a key that cannot be
    /// used; `AlreadyExists`; `NotFound` for an encryption pair whose signing pair this login does not open; those of
    /// writing.
    fn store(&mut self, pair: NewPair) -> Result<KeyId>;

    /// Takes a pair away: an encryption pair from its set, a signing pair with the set.
    ///
    /// # Errors
    /// As [`Token::signer`]; `Busy` for a signing pair whose set has an encryption key, which goes first, and for a set that
    /// changed since it was listed; those of writing.
    fn remove(&mut self, key: &KeyId) -> Result<()>;

    /// Keeps a whole set: both pairs, their CA certificates and R. On a medium of files the keys are sealed under
    /// `password`, and no login is needed; a token needs a login and no password.
    ///
    /// What an earlier import that was cut off left behind is taken away first. The set is read back before this returns:
    /// each key is there, belongs to its certificate, and R is the same.
    ///
    /// # Errors
    /// `AlreadyExists` if the medium has this certificate, or a key of it under another; `NotLoggedIn`; `Mismatch`, `InvalidInput`, `Damaged`,
    /// `Unsupported` as [`store`](Self::store); `NoSpace` and those of writing. What was there before is there unchanged.
    fn import(&mut self, set: NewSet, password: Option<&Pin>) -> Result<EntryName>;

    /// Takes a whole set away, or what an import that was cut off left of one.
    ///
    /// # Errors
    /// `NotFound`, `NotLoggedIn`, `Busy` for a set that changed since it was listed; those of writing.
    fn remove_set(&mut self, entry: &EntryName) -> Result<()>;
}

/// Takes a set off the medium.
pub trait Exporter {
    /// The set with its keys opened, R among their attributes. The login must open every key of it.
    ///
    /// # Errors
    /// As [`Token::signer`]; `Unsupported` for a key that does not leave its token.
    fn export(&mut self, entry: &EntryName) -> Result<NewSet>;
}

/// Makes key pairs in the token, from which the private key never leaves.
pub trait Generator {
    /// Makes an RSA key pair and leaves it there without a certificate; [`attach`](Self::attach) adds that when the CA
    /// issued it. `bits` is the length of the modulus.
    ///
    /// # Errors
    /// `NotLoggedIn`; `InvalidInput` for a length that the token does not make; `NoSpace`.
    fn generate(&mut self, bits: u32, label: &str) -> Result<Generated>;

    /// Adds a certificate, and the CA certificates above it, to the private key that is there for it.
    ///
    /// # Errors
    /// `NotFound` if the token has no key of it; `AlreadyExists` if it has the certificate; `NotLoggedIn`; `NoSpace`.
    fn attach(&mut self, certificate: &Certificate, authorities: &[Certificate]) -> Result<EntryName>;
}

/// A key pair that was made in a token.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Names the private key, for [`Token::signer`].
    pub key: KeyId,
    /// DER of the SubjectPublicKeyInfo (RFC 5280).
    pub public_key_info: Vec<u8>,
}

/// Changes what a set is called on its token. Certificate, keys and R keep belonging together: they do by CKA_ID.
pub trait Relabeler {
    /// Gives the objects of a set this label, in UTF-8.
    ///
    /// # Errors
    /// `NotFound`, `NotLoggedIn`; `InvalidInput` for an empty label or one with a control character; `Unsupported` if the token does not let it be changed.
    fn relabel(&mut self, entry: &EntryName, label: &str) -> Result<()>;
}

/// What the security officer (관리자) of a token does, each time with the 관리자 비밀번호 (SO PIN).
pub trait Officer {
    /// Initialises the token: everything on it is gone afterwards, and no user PIN is set. A token that is initialised takes
    /// its own SO PIN only; one that is not takes this one from now on.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `LastTryRefused`; `PinRejected` for an SO PIN that does not follow the token's rules; `InvalidInput` for a
    /// label that is empty, longer than 32 bytes or has a control character or `:`; `Busy` while sessions are open.
    fn initialise(&mut self, so_pin: &Pin, label: &str) -> Result<()>;

    /// Sets the user's PIN anew: the first one, or one that is forgotten or locked. Keys stay.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `LastTryRefused` for the SO PIN; `PinRejected` for the new one.
    fn unlock(&mut self, so_pin: &Pin, new: &Pin) -> Result<()>;
}

/// A slot of another PKCS#11 module that this process has loaded and initialised. All calls into that module are made by one
/// thread of its own.
pub trait ForeignSlot: Send + Sync {
    /// The module's file.
    fn library(&self) -> &Path;

    /// The slot's number in that module.
    fn number(&self) -> u64;

    /// Runs a job on the module's thread, after those that came before, and waits for it. A job that takes longer than `limit`
    /// is left behind with its thread, and the module with all its slots is gone for this process.
    ///
    /// # Errors
    /// `TimedOut`; `Removed` if the module is gone already; `Device` if the job panicked.
    fn run(&self, limit: Duration, job: Box<dyn FnOnce() + Send>) -> Result<()>;

    /// As [`run`](Self::run), without waiting. The job is dropped if the module is gone; it runs before the module is
    /// finalised, if no earlier one keeps it from that.
    fn post(&self, limit: Duration, job: Box<dyn FnOnce() + Send>);
}

/// Changes PINs.
pub trait Admin {
    /// Changes the PIN that `old` is. On a medium of files that is the password of the one set of the scope that `old`
    /// opens, and a login with it goes on with the new one.
    ///
    /// # Errors
    /// `PinIncorrect`; `PinRejected` for a new one that is empty or has a control character; `Ambiguous` if `old` opens
    /// several sets, which it names; `Unsupported` if a set's keys have different passwords; those of writing.
    fn change_pin(&mut self, role: Role, scope: &Scope, old: &Pin, new: &Pin) -> Result<()>;
}

/// A pair to be kept.
#[allow(missing_debug_implementations, reason = "holds a key")]
pub struct NewPair {
    /// The certificate.
    pub certificate: Certificate,
    /// DER of the PrivateKeyInfo (RFC 5208), with R among its attributes if there is one.
    pub private_key_info: SecretBytes,
    /// CA certificates to keep with it, root first; may be empty.
    pub ca_certificates: Vec<Certificate>,
}

/// A whole set to be kept.
#[allow(missing_debug_implementations, reason = "holds keys")]
pub struct NewSet {
    /// 서명용.
    pub sign: NewPair,
    /// 암호화용, if the set has one.
    pub km: Option<NewPair>,
}

/// What a login opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every set that the PIN fits.
    All,
    /// This set alone; logins to other sets stand beside it.
    Entry(EntryName),
}

/// A private key that signs, from any thread, outside its token's lock.
pub trait Signer: Send + Sync {
    /// Makes one signature, as long as the modulus.
    ///
    /// # Errors
    /// `NotLoggedIn` after logout, `InvalidInput` if the input is too long or a digest of the wrong length,
    /// `Unsupported` if the key is too short for the mechanism.
    fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>>;
}

/// A private key that decrypts, from any thread, outside its token's lock.
pub trait Decrypter: Send + Sync {
    /// Opens one ciphertext.
    ///
    /// # Errors
    /// `NotLoggedIn` after logout; `InvalidInput`, always the same one, for whatever is wrong with the ciphertext.
    fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Result<SecretBytes>;
}
