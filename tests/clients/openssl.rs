//! OpenSSL with `libengine-pkcs11-openssl`, the way of Debian 12.

use crate::place::{Place, module, said, succeeded};

impl Place {
    /// Writes OpenSSL's configuration: the engine with our module behind it.
    pub(crate) fn engine_configuration(&self, init: &str) {
        let engines =
            std::fs::read_dir("/usr/lib").unwrap().flatten().map(|folder| folder.path().join("engines-3/pkcs11.so"));
        let engine = engines.into_iter().find(|path| path.exists()).expect("libengine-pkcs11-openssl");
        let configuration = format!(
            "openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\nengine_id = pkcs11\n\
             dynamic_path = {}\nMODULE_PATH = {}\ninit = {init}\n[req]\ndistinguished_name = dn\n[dn]\n",
            engine.display(),
            module()
        );
        std::fs::write(self.path("engine.cnf"), configuration).unwrap();
    }

    /// Runs `openssl` with the engine loaded.
    fn engine(&self, arguments: &[&str]) -> String {
        self.engine_configuration("0");
        let output = self.client("openssl").args(arguments).env("OPENSSL_CONF", "engine.cnf").output().unwrap();
        said(succeeded(&output))
    }

    /// The sign key with its password.
    fn key_uri(&self) -> String {
        format!("pkcs11:id={};type=private;pin-value={}", self.id_in_uri(), self.variable("USER_PIN"))
    }

    /// The sign key, and where its password lies: nothing that a list of processes may not show.
    pub(crate) fn key_uri_with_file(&self) -> String {
        format!("pkcs11:id={};type=private;pin-source=file:{}", self.id_in_uri(), self.path("password").display())
    }
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11-engine"]
fn openssl_signs_through_its_engine() {
    let place = Place::new();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    place.engine(&[
        "dgst",
        "-sha256",
        "-engine",
        "pkcs11",
        "-keyform",
        "engine",
        "-sign",
        &place.key_uri(),
        "-out",
        "signature",
        "data",
    ]);
    place.openssl_verifies(&["-sha256"], "signature", "data");
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11-engine"]
fn openssl_makes_a_certificate_request_through_its_engine() {
    let place = Place::new();
    let key = place.key_uri();
    place.engine(&[
        "req",
        "-new",
        "-engine",
        "pkcs11",
        "-keyform",
        "engine",
        "-key",
        &key,
        "-subj",
        "/CN=test",
        "-out",
        "request.pem",
    ]);
    place.run("openssl", &["req", "-in", "request.pem", "-verify", "-noout"]);
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11-engine"]
fn openssl_signs_cms_through_its_engine() {
    let place = Place::new();
    std::fs::write(place.path("data"), b"what is signed").unwrap();
    let (key, certificate, ca) = (place.key_uri(), place.variable("CERT_PEM"), place.variable("CA_PEM"));
    let sign = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-in",
        "data",
        "-signer",
        certificate,
        "-engine",
        "pkcs11",
        "-keyform",
        "engine",
    ];
    place.engine(&[&sign[..], &["-inkey", &key, "-outform", "DER", "-out", "data.p7"]].concat());
    let verify = [
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        "data.p7",
        "-CAfile",
        ca,
        "-partial_chain",
        "-purpose",
        "any",
        "-out",
        "back",
    ];
    place.run("openssl", &verify);
    assert_eq!(std::fs::read(place.path("back")).unwrap(), b"what is signed");
}
