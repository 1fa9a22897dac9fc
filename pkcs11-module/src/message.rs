//! This file gathers what is signed, verified or encrypted, whether it comes whole or in parts.

use cryptoki_sys::*;
use ingam::crypto::Hasher;
use ingam::mechanism::{Hash, SignInput};
use zeroize::Zeroizing;

use crate::rv::Answer;

/// What the caller hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A message that the mechanism hashes.
    Hashed(Hash),
    /// A digest, exactly as long as the hash.
    Digest(Hash),
    /// Bytes that go under the padding as they are.
    Raw {
        /// As many as fit.
        limit: usize,
    },
}

/// A message in parts.
pub(crate) struct Message {
    form: Form,
    gathered: Gathered,
}

enum Gathered {
    Nothing,
    Hash(Hasher),
    Bytes(Bounded),
}

/// The end of a message: what the library is asked to sign.
pub(crate) enum Whole {
    Message(Zeroizing<Vec<u8>>),
    Digest(Zeroizing<Vec<u8>>),
}

impl Message {
    pub(crate) const fn new(form: Form) -> Self {
        Self { form, gathered: Gathered::Nothing }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Whether parts came in already; the function for a whole message is then the wrong one.
    pub(crate) const fn has_begun(&self) -> bool {
        !matches!(self.gathered, Gathered::Nothing)
    }

    /// Adds a part.
    ///
    /// # Errors
    /// `CKR_DATA_LEN_RANGE` when it becomes more than the mechanism can take.
    pub(crate) fn update(&mut self, part: &[u8]) -> Answer {
        match (&mut self.gathered, self.form) {
            (Gathered::Hash(hasher), _) => hasher.update(part),
            (Gathered::Bytes(bytes), _) => return bytes.extend(part, CKR_DATA_LEN_RANGE),
            (Gathered::Nothing, Form::Hashed(hash)) => {
                let mut hasher = Hasher::new(hash);
                hasher.update(part);
                self.gathered = Gathered::Hash(hasher);
            }
            (Gathered::Nothing, Form::Digest(_) | Form::Raw { .. }) => {
                let mut bytes = Bounded::new(self.limit());
                bytes.extend(part, CKR_DATA_LEN_RANGE)?;
                self.gathered = Gathered::Bytes(bytes);
            }
        }
        Ok(())
    }

    const fn limit(&self) -> usize {
        match self.form {
            Form::Digest(hash) | Form::Hashed(hash) => hash.len(),
            Form::Raw { limit } => limit,
        }
    }

    /// Ends a message in parts.
    ///
    /// # Errors
    /// `CKR_DATA_LEN_RANGE`.
    pub(crate) fn end(&mut self) -> Answer<Whole> {
        match (std::mem::replace(&mut self.gathered, Gathered::Nothing), self.form) {
            (Gathered::Hash(hasher), _) => Ok(Whole::Digest(Zeroizing::new(hasher.finish()))),
            (Gathered::Nothing, Form::Hashed(hash)) => Ok(Whole::Digest(Zeroizing::new(Hasher::new(hash).finish()))),
            (Gathered::Bytes(bytes), form) => {
                form.input(&bytes.0)?;
                Ok(if matches!(form, Form::Digest(_)) { Whole::Digest(bytes.0) } else { Whole::Message(bytes.0) })
            }
            (Gathered::Nothing, form) => form.input(&[]).map(|_| Whole::Message(Zeroizing::default())),
        }
    }
}

impl Form {
    /// A message that comes whole, as the library takes it.
    ///
    /// # Errors
    /// `CKR_DATA_LEN_RANGE`.
    pub(crate) fn input(self, data: &[u8]) -> Answer<SignInput<'_>> {
        match self {
            Self::Hashed(_) => Ok(SignInput::Message(data)),
            Self::Digest(hash) if data.len() == hash.len() => Ok(SignInput::Digest(data)),
            Self::Raw { limit } if data.len() <= limit => Ok(SignInput::Message(data)),
            Self::Digest(_) | Self::Raw { .. } => Err(CKR_DATA_LEN_RANGE.into()),
        }
    }
}

impl Whole {
    pub(crate) fn input(&self) -> SignInput<'_> {
        match self {
            Self::Message(bytes) => SignInput::Message(bytes),
            Self::Digest(bytes) => SignInput::Digest(bytes),
        }
    }
}

/// Bytes up to a limit, in memory that never moves and is wiped.
pub(crate) struct Bounded(Zeroizing<Vec<u8>>);

impl Bounded {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(limit)))
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// `beyond` when they do not fit.
    pub(crate) fn extend(&mut self, bytes: &[u8], beyond: CK_RV) -> Answer {
        if bytes.len() > self.0.capacity() - self.0.len() {
            return Err(beyond.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
