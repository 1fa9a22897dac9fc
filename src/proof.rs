//! This file tries a key out: it does its work, and the certificate's public key says whether it did.

use crate::certificate::Certificate;
use crate::credential::{KeyId, Purpose};
use crate::crypto::random;
use crate::crypto::rsa::PublicKey;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use crate::token::{Decrypter, Token};

const DOING: &str = "trying out the key of a certificate";

/// Lets a key do what it is for, and checks the result with its certificate's public key.
///
/// # Errors
/// `Mismatch` if the key is not the certificate's; `Unsupported` if that is no RSA certificate; those of the key.
pub(crate) fn key_works(token: &mut dyn Token, key: &KeyId, certificate: &Certificate) -> Result<()> {
    let (modulus, exponent) = certificate.rsa_public().ok_or(Error::new(ErrorKind::Unsupported, DOING))?;
    let public = PublicKey::new(modulus, exponent)?;
    let mut drawn = [0; 32];
    random::fill(&mut drawn)?;
    // A token's encryption key need not sign.
    if key.purpose == Purpose::KeyManagement
        && let Some(decrypter) = token.decrypter(key)?
    {
        return decrypts(&*decrypter, &public, &drawn);
    }
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(&drawn) };
    let signature = token.signer(key)?.sign(&request)?;
    public.verify(&request, &signature).map_err(|error| Error::new(ErrorKind::Mismatch, DOING).caused_by(error))
}

fn decrypts(decrypter: &dyn Decrypter, public: &PublicKey, drawn: &[u8]) -> Result<()> {
    let oaep = |hash| DecryptMechanism::Oaep { hash, mgf: hash, label: Vec::new() };
    let mut last = Error::new(ErrorKind::Unsupported, DOING);
    for mechanism in [DecryptMechanism::Pkcs1, oaep(Hash::Sha256), oaep(Hash::Sha1)] {
        let ciphertext = public.encrypt(&mechanism, drawn)?;
        match decrypter.decrypt(&mechanism, &ciphertext) {
            Ok(opened) if opened.expose() == drawn => return Ok(()),
            // Some tokens offer one of them only.
            Err(error) if error.kind() == ErrorKind::Unsupported => last = error,
            Err(error) if error.kind() != ErrorKind::InvalidInput => return Err(error),
            // A key of less than 2048 bits answers bad padding with random bytes.
            _ => return Err(Error::new(ErrorKind::Mismatch, DOING)),
        }
    }
    Err(last)
}
