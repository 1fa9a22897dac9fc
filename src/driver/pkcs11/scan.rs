//! This file asks a module which tokens it has and what they say of themselves.

use cryptoki::context::Pkcs11 as Context;
use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::slot::TokenInfo;

use super::failure::failed;
use super::refusal::OURSELVES;
use crate::error::{Error, Result};
use crate::medium::{PinState, TokenState};

/// A slot with a token in it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) slot: u64,
    /// Which initialisation of its module it was seen in: with each, sessions and logins are gone.
    pub(super) incarnation: u64,
    /// The label as the token has it; empty before it is initialised.
    pub(super) label: String,
    pub(super) write_protected: bool,
    /// What the token says, or why it cannot be asked.
    pub(super) state: Result<TokenState, Error>,
}

/// Products that count no wrong PINs, so that nothing ever locks them: manufacturer and model as their tokens tell them.
/// SoftHSM 2.0 to 2.7 set CKF_USER_PIN_COUNT_LOW after a wrong PIN, and take any number of further ones.
const NO_LOCKOUT: &[(&str, &str)] = &[("SoftHSM project", "SoftHSM v2")];

/// The tokens that are there now. Tokens of ours behind a remote module are left out: they are media already.
pub(super) fn tokens(context: &Context, incarnation: u64) -> Result<Vec<Seen>> {
    let slots = context.get_slots_with_token().map_err(failed("listing the tokens of a PKCS#11 module"))?;
    let mut seen = Vec::with_capacity(slots.len());
    for slot in slots {
        let number = slot.id();
        match context.get_token_info(slot) {
            Ok(info) if info.manufacturer_id() == OURSELVES => {}
            Ok(info) => seen.push(Seen {
                slot: number,
                incarnation,
                label: info.label().trim_matches(BLANKS).to_owned(),
                write_protected: info.write_protected(),
                state: Ok(state(&info)),
            }),
            // It went between the two calls.
            Err(Foreign::Pkcs11(RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::SlotIdInvalid, _)) => {}
            Err(error) => seen.push(Seen {
                slot: number,
                incarnation,
                label: String::new(),
                write_protected: false,
                state: Err(failed("asking a token what it is")(error)),
            }),
        }
    }
    Ok(seen)
}

/// What a token says of itself now.
pub(super) fn state_of(context: &Context, slot: u64) -> Result<TokenState> {
    let asking = || failed("asking a token what it is");
    let slot = slot.try_into().map_err(asking())?;
    context.get_token_info(slot).map(|info| state(&info)).map_err(asking())
}

/// What modules pad with; the standard says blanks.
const BLANKS: [char; 2] = [' ', '\0'];

fn state(info: &TokenInfo) -> TokenState {
    let text = |text: &str| text.trim_matches(BLANKS).to_owned();
    let (manufacturer, model) = (text(info.manufacturer_id()), text(info.model()));
    let user = PinFlags {
        set: info.user_pin_initialized(),
        low: info.user_pin_count_low(),
        last: info.user_pin_final_try(),
        locked: info.user_pin_locked(),
        change: info.user_pin_to_be_changed(),
    };
    let officer = PinFlags {
        set: info.token_initialized(),
        low: info.so_pin_count_low(),
        last: info.so_pin_final_try(),
        locked: info.so_pin_locked(),
        change: info.so_pin_to_be_changed(),
    };
    let memory = |bytes: Option<usize>| bytes.and_then(|bytes| u64::try_from(bytes).ok());
    TokenState {
        lockout: !NO_LOCKOUT.contains(&(manufacturer.as_str(), model.as_str())),
        manufacturer,
        model,
        serial: text(info.serial_number()),
        firmware: info.firmware_version().to_string(),
        initialised: info.token_initialized(),
        login_required: info.login_required(),
        own_keypad: info.protected_authentication_path(),
        user_pin: user.state(),
        so_pin: officer.state(),
        pin_bytes: (info.min_pin_length(), info.max_pin_length()),
        free_memory: (memory(info.free_public_memory()), memory(info.free_private_memory())),
    }
}

/// The flags of one PIN in CK_TOKEN_INFO.
#[allow(clippy::struct_excessive_bools, reason = "they are the standard's")]
struct PinFlags {
    set: bool,
    low: bool,
    last: bool,
    locked: bool,
    change: bool,
}

impl PinFlags {
    /// The gravest one that is set: a locked PIN may have the others too.
    const fn state(&self) -> PinState {
        match self {
            Self { set: false, .. } => PinState::NotSet,
            Self { locked: true, .. } => PinState::Locked,
            Self { last: true, .. } => PinState::FinalTry,
            Self { low: true, .. } => PinState::CountLow,
            Self { change: true, .. } => PinState::ToBeChanged,
            _ => PinState::Good,
        }
    }
}
