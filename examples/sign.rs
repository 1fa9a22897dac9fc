//! Signs with the first certificate that is found: the README's program.
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use ingam::config::Config;
use ingam::keystore::{self, Keystore};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::pin::{Pin, Role};
use ingam::token::Scope;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keystore = Keystore::new(&Config::load()?);
    let slot = keystore.slots().into_iter().next().ok_or("no NPKI folder")?;
    let token = keystore.token(slot.id)?;

    let signer = {
        let mut token = keystore::lock(&token);
        token.login(Role::User, &Scope::All, &Pin::copy_of(b"ingam-TEST-2026!"))?;
        let entries = token.entries()?;
        let set = entries.iter().find_map(|entry| entry.content.as_ref().ok()).ok_or("no certificate")?;
        println!("{} signs", set.sign.certificate.owner());
        token.signer(set.sign.key.as_ref().ok_or("no private key")?)?
    };
    let request =
        SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"an invoice") };
    println!("{} bytes", signer.sign(&request)?.len());
    Ok(())
}
