//! Whole trips of Java: a jar is signed and verified, TLS with a client certificate, a tax invoice's XML signature, and one
//! KeyStore over several NPKI folders.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::place::{Place, module};

fn configured() -> Place {
    let place = Place::of("Hong Gildong");
    configure(&place);
    place
}

pub(crate) fn configure(place: &Place) {
    let configuration = format!("name = ingam\nlibrary = {}\nslotListIndex = 0\n", module());
    std::fs::write(place.path("p11.cfg"), configuration).unwrap();
}

pub(crate) fn program(name: &str) -> String {
    format!("{}/tests/clients/java/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, java and jarsigner"]
fn jarsigner_signs_a_jar_and_verifies_it() {
    let place = configured();
    std::fs::write(place.path("content"), b"what is signed").unwrap();
    place.run("jar", &["--create", "--file", "signed.jar", "content"]);
    let store = ["-keystore", "NONE", "-storetype", "PKCS11", "-providerClass", "sun.security.pkcs11.SunPKCS11"];
    let with_pin = ["-providerArg", "p11.cfg", "-storepass", place.variable("USER_PIN")];
    let listed = place.run("keytool", &[&["-J-Duser.language=en", "-list"], &store[..], &with_pin].concat());
    let aliases = listed.lines().filter_map(|line| line.split_once(", PrivateKeyEntry").map(|(alias, _)| alias));
    let label = place.variable("KEY_LABEL");
    let alias = aliases.into_iter().find(|alias| alias.starts_with(label)).expect(&listed);
    place.run("jarsigner", &[&store[..], &with_pin, &["signed.jar", alias.trim_end_matches(',')]].concat());
    let verified = place.run("jarsigner", &["-J-Duser.language=en", "-verify", "-verbose", "signed.jar"]);
    assert!(verified.contains("jar verified.") && verified.contains("Hong Gildong"), "{verified}");

    std::fs::write(place.path("content"), b"what was never signed").unwrap();
    place.run("jar", &["--update", "--file", "signed.jar", "content"]);
    let forged = place.client("jarsigner").args(["-J-Duser.language=en", "-verify", "signed.jar"]).output().unwrap();
    assert!(
        crate::place::said(&forged).contains("SHA-256 digest error for content"),
        "{}",
        crate::place::said(&forged)
    );
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and java"]
fn java_shows_its_certificate_under_both_versions_of_tls() {
    let place = configured();
    let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.pem"];
    place.run("openssl", &[&new[..], &subject].concat());
    let password = format!("pass:{}", place.variable("USER_PIN"));
    let pack = ["pkcs12", "-export", "-inkey", "server.key", "-in", "server.pem", "-out", "server.p12"];
    place.run("openssl", &[&pack[..], &["-passout", &password]].concat());
    let serial = place.run("openssl", &["x509", "-in", place.variable("CERT_PEM"), "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=");
    let serial = u128::from_str_radix(serial, 16).unwrap();
    for protocol in ["TLSv1.3", "TLSv1.2"] {
        let (pin, authority) = (place.variable("USER_PIN"), place.variable("CA_PEM"));
        let said =
            place.run("java", &[&program("Tls.java"), "p11.cfg", pin, "server.p12", "server.pem", authority, protocol]);
        assert!(said.contains(&format!("{protocol} TLS_")), "{said}");
        assert!(said.contains(&format!("the server saw serial {serial}\n")), "{said}");
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, java and xmlsec1"]
fn a_tax_invoice_is_signed_as_xml_and_xmlsec_agrees() {
    let place = configured();
    let invoice = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TaxInvoice xmlns=\"urn:example:tax-invoice\">\n  <품목>자문</품목>\n  <금액>1100000</금액>\n</TaxInvoice>\n";
    std::fs::write(place.path("invoice.xml"), invoice).unwrap();
    let pin = place.variable("USER_PIN");
    place.run("java", &[&program("Invoice.java"), "p11.cfg", pin, "invoice.xml", "signed.xml"]);
    let signed = std::fs::read_to_string(place.path("signed.xml")).unwrap();
    assert!(signed.contains("<X509Certificate>") && signed.contains("xmldsig-more#rsa-sha256"), "{signed}");
    let verify = [
        "--verify",
        "--trusted-pem",
        "root.pem",
        "--untrusted-pem",
        place.variable("CA_PEM"),
        "--enabled-key-data",
        "x509",
        "--verification-gmt-time",
    ];
    let now = place.run("date", &["-u", "+%Y-%m-%d+%H:%M:%S"]);
    let verify = [&verify[..], &[now.trim()]].concat();
    let said = place.run("xmlsec1", &[&verify[..], &["signed.xml"]].concat());
    assert!(said.contains("OK"), "{said}");

    std::fs::write(place.path("forged.xml"), signed.replace("1100000", "9900000")).unwrap();
    place.refused("xmlsec1", &[&verify[..], &["forged.xml"]].concat());
}

/// The view "one": what a client sees that takes a single slot.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and java"]
fn one_keystore_signs_from_two_npki_folders_and_a_later_one_joins() {
    let [place, second, third] = ["Hong Gildong", "Kim Cheolsu", "Lee Younghee"].map(Place::of);
    configure(&place);
    let roots = [place.path("NPKI"), second.path("NPKI"), place.path("later/NPKI")];
    let mut java = place.client("java");
    java.args([&program("OneStore.java"), "p11.cfg", place.variable("USER_PIN")]);
    java.env("INGAM_SLOTS", "one").env("INGAM_NPKI_PATH", std::env::join_paths(&roots).unwrap());
    let mut java = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut answers = BufReader::new(java.stdout.take().unwrap()).lines();
    let mut input = java.stdin.take().unwrap();
    let mut owners = || {
        input.write_all(b"again\n").unwrap();
        answers.next().expect("a line of owners").unwrap()
    };
    assert_eq!(owners(), "Hong Gildong, Kim Cheolsu");
    std::fs::create_dir(place.path("later")).unwrap();
    let moved = std::process::Command::new("cp").arg("-a").args([third.path("NPKI"), place.path("later")]).status();
    assert!(moved.unwrap().success());
    // A medium joins at the scan after its arrival; a store that is loaded again sees it within seconds.
    let mut seen = owners();
    for _ in 0..50 {
        if seen != "Hong Gildong, Kim Cheolsu" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        seen = owners();
    }
    assert_eq!(seen, "Hong Gildong, Kim Cheolsu, Lee Younghee");
    drop(input);
    assert!(java.wait().unwrap().success());
}
