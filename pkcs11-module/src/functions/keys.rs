//! This file answers the functions that make keys (PKCS#11 3.0 5.18). They are objects of the session: an NPKI medium keeps
//! a key only with its certificate, which nobody can have for a key that is just being made.

use cryptoki_sys::*;
use ingam::pin::Role;
use ingam::{Error, ErrorKind};

use crate::abi::buffer::Out;
use crate::abi::parameter::{GivenMechanism, Parameter};
use crate::abi::template::Criterion;
use crate::library::Library;
use crate::mechanism;
use crate::rv::{Answer, Rv};
use crate::session::{Access, Session};
use crate::session_object::SessionObject;
use crate::values::on_token;

/// C_GenerateKey.
pub(crate) fn generate(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    template: Vec<Criterion<'_>>,
    mut key: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    admit(mechanism, CKF_GENERATE)?;
    in_session(&session, &[&template])?;
    logged_in(&session, &template)?;
    let made = SessionObject::generate_secret(session.handle(), &template)?;
    key.set(session.slot().add(library, made)?);
    Ok(())
}

/// C_GenerateKeyPair.
pub(crate) fn generate_pair(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    public: Vec<Criterion<'_>>,
    private: Vec<Criterion<'_>>,
    mut public_key: Out<'_, CK_OBJECT_HANDLE>,
    mut private_key: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    admit(mechanism, CKF_GENERATE_KEY_PAIR)?;
    in_session(&session, &[&public, &private])?;
    logged_in(&session, &private)?;
    let (public, private) = SessionObject::generate_pair(session.handle(), &public, &private)?;
    let slot = session.slot();
    let public = slot.add(library, public)?;
    let private = slot.add(library, private).inspect_err(|_| {
        slot.session_objects().remove(public);
    })?;
    public_key.set(public);
    private_key.set(private);
    Ok(())
}

fn admit(mechanism: Option<GivenMechanism>, what: CK_FLAGS) -> Answer {
    let mechanism = mechanism.ok_or(CKR_ARGUMENTS_BAD)?;
    mechanism::can(mechanism.kind, what)?;
    match mechanism.parameter {
        Parameter::None => Ok(()),
        _ => Err(CKR_MECHANISM_PARAM_INVALID.into()),
    }
}

/// A template that asks for a bare key on the token asks for what cannot be.
fn in_session(session: &Session, templates: &[&[Criterion<'_>]]) -> Answer {
    for template in templates {
        if on_token(template)? != Some(true) {
            continue;
        }
        return Err(match session.access() {
            Access::ReadOnly => CKR_SESSION_READ_ONLY.into(),
            Access::ReadWrite => {
                let error = Error::new(ErrorKind::Unsupported, "keeping a key without its certificate");
                Rv::caused(CKR_TEMPLATE_INCONSISTENT, error)
            }
        });
    }
    Ok(())
}

/// Whether a login is there for a private object, asked before a key is made in vain.
fn logged_in(session: &Session, template: &[Criterion<'_>]) -> Answer {
    let public = template.iter().any(|criterion| criterion.kind == CKA_PRIVATE && *criterion.value == [CK_FALSE]);
    if public || session.slot().role() == Some(Role::User) { Ok(()) } else { Err(CKR_USER_NOT_LOGGED_IN.into()) }
}
