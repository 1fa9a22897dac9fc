//! This file says what an answer of a PKCS#11 module means to the caller.

use cryptoki::error::{Error as Foreign, RvError};

use crate::error::{Error, ErrorKind};

/// The error for a call that failed while `doing`, with the module's own answer as its cause.
pub(super) fn failed(doing: &'static str) -> impl Fn(Foreign) -> Error {
    move |error| Error::new(kind(&error), doing).caused_by(error)
}

/// What the caller can do about it.
pub(super) fn kind(error: &Foreign) -> ErrorKind {
    match error {
        Foreign::LibraryLoading(_)
        | Foreign::MissingSymbol(_)
        | Foreign::NullFunctionPointer
        | Foreign::NotSupported => ErrorKind::Unsupported,
        Foreign::Pkcs11(answer, _) => kind_of(answer),
        _ => ErrorKind::Device,
    }
}

fn kind_of(answer: &RvError) -> ErrorKind {
    match answer {
        RvError::PinIncorrect => ErrorKind::PinIncorrect { tries_left: None },
        RvError::PinLocked => ErrorKind::PinLocked,
        RvError::PinInvalid | RvError::PinLenRange | RvError::PinTooWeak => ErrorKind::PinRejected,
        RvError::UserNotLoggedIn => ErrorKind::NotLoggedIn,
        RvError::UserAlreadyLoggedIn
        | RvError::UserAnotherAlreadyLoggedIn
        | RvError::UserTooManyTypes
        | RvError::SessionCount
        | RvError::SessionExists
        | RvError::SessionReadOnlyExists
        | RvError::SessionReadWriteSoExists
        | RvError::OperationActive => ErrorKind::Busy,
        RvError::UserPinNotInitialized
        | RvError::PinExpired
        | RvError::ActionProhibited
        | RvError::KeyFunctionNotPermitted
        | RvError::AttributeReadOnly
        | RvError::AttributeSensitive
        | RvError::KeyUnextractable => ErrorKind::NotPermitted,
        RvError::TokenNotPresent
        | RvError::DeviceRemoved
        | RvError::SlotIdInvalid
        | RvError::CryptokiNotInitialized
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed => ErrorKind::Removed,
        RvError::DeviceMemory => ErrorKind::NoSpace,
        RvError::TokenWriteProtected | RvError::SessionReadOnly => ErrorKind::WriteProtected,
        RvError::FunctionCanceled | RvError::Cancel => ErrorKind::Cancelled,
        RvError::FunctionNotSupported
        | RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::TokenNotRecognized
        | RvError::AttributeTypeInvalid
        | RvError::CurveNotSupported
        | RvError::KeyTypeInconsistent => ErrorKind::Unsupported,
        RvError::ArgumentsBad
        | RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::EncryptedDataInvalid
        | RvError::EncryptedDataLenRange
        | RvError::KeySizeRange
        | RvError::AttributeValueInvalid
        | RvError::TemplateIncomplete
        | RvError::TemplateInconsistent => ErrorKind::InvalidInput,
        RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid => ErrorKind::NotFound,
        _ => ErrorKind::Device,
    }
}
