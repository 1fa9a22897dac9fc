//! This file says what a token can do: list its certificates, take a PIN, and lend out keys that sign and decrypt.

use std::sync::Arc;

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
