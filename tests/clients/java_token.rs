//! Java, which sees one slot: a single KeyStore signs with a key of an NPKI folder and with one of a token, whose PIN the
//! configuration names.

use std::io::Write as _;
use std::process::Stdio;

use crate::java_trips::{configure, program};
use crate::place::{Place, said, succeeded};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A SoftHSM token with a key and its certificate, made by SoftHSM's and OpenSSL's own programs.
pub(crate) fn token_with_a_key(place: &Place, label: &str, owner: &str, pin: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-config/private-token.sh");
    place.run("sh", &[script, place.path("softhsm").to_str().unwrap(), label, pin]);
    let subject = format!("/C=KR/CN={owner}");
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "token.key", "-out", "token.pem"];
    let usage = ["-addext", "keyUsage=critical,digitalSignature,nonRepudiation"];
    let no_authority = ["-addext", "basicConstraints=critical,CA:FALSE", "-subj", &subject];
    place.run("openssl", &[&request[..], &usage, &no_authority].concat());
    place.run("openssl", &["x509", "-in", "token.pem", "-outform", "DER", "-out", "token.der"]);
    let with_softhsm = |program: &str, arguments: &[&str]| {
        let mut command = place.client(program);
        command.args(arguments).env("SOFTHSM2_CONF", place.path("softhsm/softhsm2.conf"));
        said(succeeded(&command.output().unwrap()))
    };
    let key = ["--token", label, "--pin", pin, "--label", owner, "--id", "a1"];
    with_softhsm("softhsm2-util", &[&["--import", "token.key"], &key[..]].concat());
    let login = ["--module", MODULE, "--token-label", label, "--login", "--pin", pin];
    let certificate = ["--write-object", "token.der", "--type", "cert", "--id", "a1", "--label", owner];
    with_softhsm("pkcs11-tool", &[&login[..], &certificate].concat());
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, java and softhsm2"]
fn one_keystore_signs_with_a_folders_key_and_with_a_tokens() {
    let place = Place::of("Hong Gildong");
    configure(&place);
    token_with_a_key(&place, "seal", "Park Younghee", "87654321");
    std::fs::write(place.path("pin"), "87654321\n").unwrap();
    place.run("chmod", &["600", "pin"]);
    let pin_source = place.path("pin").display().to_string();
    std::fs::write(place.path("ingam.toml"), format!("[[token]]\ntoken = \"seal\"\npin-source = '{pin_source}'\n"))
        .unwrap();
    std::fs::create_dir(place.path("signed")).unwrap();

    let mut java = place.client("java");
    java.args([&program("OneStore.java"), "p11.cfg", place.variable("USER_PIN"), "signed"]);
    java.env("INGAM_SLOTS", "one").env("INGAM_CONF", place.path("ingam.toml"));
    java.env("INGAM_PKCS11_MODULES", MODULE).env("SOFTHSM2_CONF", place.path("softhsm/softhsm2.conf"));
    let mut java = java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    java.stdin.take().unwrap().write_all(b"once\n").unwrap();
    let owners = said(succeeded(&java.wait_with_output().unwrap()));
    assert_eq!(owners, "Hong Gildong, Park Younghee\n");

    let certificates = [("Hong Gildong", place.variable("CERT_PEM")), ("Park Younghee", "token.pem")];
    for (owner, expected) in certificates {
        let [data, signature, der] = ["data", "signature", "der"].map(|ending| format!("signed/{owner}.{ending}"));
        let fingerprint =
            |arguments: &[&str]| place.run("openssl", &[&["x509", "-noout", "-fingerprint"], arguments].concat());
        assert_eq!(fingerprint(&["-inform", "DER", "-in", &der]), fingerprint(&["-in", expected]));
        place.run("openssl", &["x509", "-in", expected, "-pubkey", "-noout", "-out", "public.pem"]);
        let verified =
            place.run("openssl", &["dgst", "-sha256", "-verify", "public.pem", "-signature", &signature, &data]);
        assert!(verified.contains("Verified OK"), "{owner}: {verified}");
    }
}
