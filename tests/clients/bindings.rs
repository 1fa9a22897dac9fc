//! Bindings of other languages: python-pkcs11, PyKCS11, pyHanko and pkcs11js, each driven by a program of a page that lists,
//! logs in, signs and verifies. What they sign is judged by OpenSSL, a PDF by pyHanko's validator and by poppler.

use std::process::Command;

use crate::place::{Place, module, said, succeeded};
use crate::suites::tools;

/// A program of `tests/clients/FOLDER` under its interpreter.
fn program(place: &Place, interpreter: &str, path: &str) -> Command {
    let mut command = place.client(interpreter);
    command.arg(format!("{}/tests/clients/{path}", env!("CARGO_MANIFEST_DIR"))).env("INGAM_MODULE", module());
    command
}

fn python(place: &Place, name: &str) -> String {
    let interpreter = tools("python/bin/python").display().to_string();
    let mut command = program(place, &interpreter, &format!("python/{name}"));
    said(succeeded(&command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap()))
}

fn verifies_both(place: &Place) {
    place.openssl_verifies(&["-sha256"], "data.pkcs1", "data");
    let pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    place.openssl_verifies(&pss, "data.pss", "data");
}

fn place_with_data() -> Place {
    let place = Place::new();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    place
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and python-pkcs11"]
fn python_pkcs11_lists_logs_in_signs_and_verifies() {
    let place = place_with_data();
    let said = python(&place, "sign_python_pkcs11.py");
    assert!(said.contains("keys: 2"), "{said}");
    verifies_both(&place);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and PyKCS11"]
fn pykcs11_lists_logs_in_signs_and_verifies() {
    let place = place_with_data();
    let said = python(&place, "sign_pykcs11.py");
    assert!(said.contains("keys: 2"), "{said}");
    verifies_both(&place);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11js"]
fn pkcs11js_lists_logs_in_signs_and_verifies() {
    let place = place_with_data();
    let mut node = program(&place, "node", "node/sign.js");
    succeeded(&node.env("NODE_PATH", tools("node/node_modules")).output().unwrap());
    verifies_both(&place);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, pyHanko and pdfsig"]
fn pyhanko_signs_a_pdf_that_readers_trust() {
    let place = Place::new();
    println!("{}", python(&place, "sign_pdf.py"));
    let seen = place.run("pdfsig", &["-nocert", "signed.pdf"]);
    assert!(seen.contains("Signature is Valid"), "{seen}");

    let mut forged = std::fs::read(place.path("signed.pdf")).unwrap();
    let page = forged.windows(4).position(|window| window == b"/842" || window == b" 842").unwrap();
    forged[page + 1] = b'7';
    std::fs::write(place.path("forged.pdf"), forged).unwrap();
    let seen = place.run("pdfsig", &["-nocert", "forged.pdf"]);
    assert!(!seen.contains("Signature is Valid"), "{seen}");
}
