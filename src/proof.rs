//! This file tries a key out: it does its work, and the certificate's public key says whether it did.

use crate::certificate::Certificate;
use crate::credential::{KeyId, Purpose};
use crate::crypto::random;
use crate::crypto::rsa::PublicKey;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use crate::token::Token;

/// Lets a key do what it is for, and checks the result with its certificate's public key.
///
/// # Errors
/// `Mismatch` if the key is not the certificate's; `Unsupported` if that is no RSA certificate; those of the key.
pub(crate) fn key_works(token: &mut dyn Token, key: &KeyId, certificate: &Certificate) -> Result<()> {
    const DOING: &str = "trying out the key of a certificate";
    let (modulus, exponent) = certificate.rsa_public().ok_or(Error::new(ErrorKind::Unsupported, DOING))?;
    let public = PublicKey::new(modulus, exponent)?;
    let mut drawn = [0; 32];
    random::fill(&mut drawn)?;
    // A token's encryption key need not sign.
    if key.purpose == Purpose::KeyManagement
        && let Some(decrypter) = token.decrypter(key)?
    {
        let ciphertext = public.encrypt(&DecryptMechanism::Pkcs1, &drawn)?;
        // A key of less than 2048 bits answers bad padding with random bytes.
        let opened = decrypter.decrypt(&DecryptMechanism::Pkcs1, &ciphertext);
        return match opened {
            Ok(opened) if opened.expose() == drawn => Ok(()),
            Err(error) if error.kind() != ErrorKind::InvalidInput => Err(error),
            _ => Err(Error::new(ErrorKind::Mismatch, DOING)),
        };
    }
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(&drawn) };
    let signature = token.signer(key)?.sign(&request)?;
    public.verify(&request, &signature).map_err(|error| Error::new(ErrorKind::Mismatch, DOING).caused_by(error))
}
