//! This file looks at every token of every module and finds the one that a user names.

use std::sync::Arc;

use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::{Accessibility, Medium, PinState};
use ingam::selector::MediumSelector;
use ingam::token::Token;
use ingam::{Error, ErrorKind};

use super::TokenFailure;
use crate::cli::failure::Failure;
use crate::cli::inventory::configuration;
use crate::cli::pin_failure;

/// Every token that is there, also those that are not initialised.
pub(super) struct Tokens {
    keystore: Keystore,
    pub(super) tokens: Vec<Found>,
    /// Modules and tokens that cannot be used: what people call them, where they are, and why.
    pub(super) unusable: Vec<(String, String, Error)>,
    /// Modules that were asked.
    pub(super) modules: usize,
}

/// One token.
#[derive(Clone)]
pub(super) struct Found {
    slot: SlotId,
    pub(super) medium: Arc<Medium>,
}

impl Found {
    /// Whether it is initialised; one that is not has nothing but a slot.
    pub(super) fn is_initialised(&self) -> bool {
        self.medium.token.as_ref().is_none_or(|state| state.initialised)
    }

    /// Whether its owner's PIN is set.
    pub(super) fn has_pin(&self) -> bool {
        self.medium.token.as_ref().is_none_or(|state| state.user_pin != PinState::NotSet)
    }
}

impl Tokens {
    /// Asks every module.
    pub(super) fn take() -> Result<Self, Failure> {
        let mut config = configuration()?;
        // Certificates in folders have no part in this.
        config.npki_roots.clear();
        config.foreign.uninitialised = true;
        let keystore = Keystore::new(&config);
        let (mut tokens, mut unusable) = (Vec::new(), Vec::new());
        for slot in keystore.slots().into_iter().filter(|slot| slot.present) {
            match &slot.medium.accessibility {
                Accessibility::Usable if slot.medium.token.is_some() => {
                    tokens.push(Found { slot: slot.id, medium: slot.medium });
                }
                Accessibility::Usable => {}
                Accessibility::Unusable(error) => {
                    unusable.push((slot.medium.label.clone(), slot.medium.place.clone(), error.clone()));
                }
            }
        }
        let failed = keystore.driver_errors().into_iter();
        unusable.extend(failed.map(|(driver, error)| (driver.to_owned(), String::new(), error)));
        let mut places: Vec<&str> = tokens.iter().map(|found: &Found| found.medium.place.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        let modules = places.len() + unusable.len();
        Ok(Self { keystore, tokens, unusable, modules })
    }

    /// The one token that this selector names.
    pub(super) fn find(&self, selector: &str) -> Result<Found, Failure> {
        self.find_among(selector, |_| true)
    }

    /// The one token that is not initialised, if the selector says nothing else.
    pub(super) fn find_uninitialised(&self) -> Result<Found, Failure> {
        self.find_among("token", |found| !found.is_initialised())
    }

    fn find_among(&self, selector: &str, wanted: impl Fn(&Found) -> bool) -> Result<Found, Failure> {
        let bad = || Failure::from(TokenFailure::BadSelector { selector: selector.to_owned() });
        if selector.contains("pin-value=") {
            return Err(Failure::SecretOnCommandLine { option: "pin-value" });
        }
        let parsed: MediumSelector = selector.parse().map_err(|_| bad())?;
        if !parsed.may_be_foreign() {
            return Err(bad());
        }
        let mut fitting: Vec<&Found> =
            self.tokens.iter().filter(|found| wanted(found) && parsed.fits(&found.medium)).collect();
        // SoftHSM always has one more slot with a token that is not initialised.
        if fitting.iter().any(|found| found.is_initialised()) {
            fitting.retain(|found| found.is_initialised());
        }
        match fitting[..] {
            [one] => Ok(one.clone()),
            [] => Err(Failure::from(TokenFailure::NotFound {
                selector: selector.to_owned(),
                there: self.tokens.iter().map(|found| one_line(&found.medium)).collect(),
                unusable: self.unusable.len(),
            })),
            _ => Err(Failure::from(TokenFailure::Ambiguous {
                selector: selector.to_owned(),
                candidates: fitting.iter().map(|found| one_line(&found.medium)).collect(),
            })),
        }
    }

    /// The initialised token of this label.
    pub(super) fn labelled(&self, label: &str) -> Option<&Found> {
        self.tokens.iter().find(|found| found.is_initialised() && found.medium.label == label)
    }

    /// The token itself.
    pub(super) fn open(&self, found: &Found) -> Result<SharedToken, Failure> {
        Ok(self.keystore.token(found.slot)?)
    }

    /// Does something with a token that sends it the PIN of `role`; what it answers is told with how the PIN stands then.
    pub(super) fn act(
        &self,
        found: &Found,
        role: ingam::pin::Role,
        action: impl FnOnce(&mut dyn Token) -> ingam::Result<()>,
    ) -> Result<(), Failure> {
        let token = self.open(found)?;
        let result = action(&mut **lock(&token));
        result.map_err(|error| pin_failure::after(&self.keystore, found.slot, role, error))
    }

    /// The token as it is after something was done to it.
    pub(super) fn again(&self, found: &Found) -> Found {
        self.keystore.refresh();
        let medium = self.keystore.slot(found.slot).map_or_else(|_| Arc::clone(&found.medium), |slot| slot.medium);
        Found { slot: found.slot, medium }
    }
}

/// A selector that names this token alone, and what it is.
fn one_line(medium: &Medium) -> String {
    let model = medium.token.as_ref().map(|state| state.model.as_str()).unwrap_or_default();
    format!("token:{} / token:{} / {model}", medium.label, medium.serial())
}

/// The error for a token that cannot do this at all.
pub(super) fn unsupported(doing: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, doing)
}
