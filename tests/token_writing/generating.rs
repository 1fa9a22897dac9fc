//! This file checks keys that are made in a token: the request that a CA gets, and the certificate that comes back.

use ingam::csr;

use super::*;

/// Lets OpenSSL be the CA that answers a request.
fn issued(hsm: &SoftHsm, request: &[u8]) -> (Certificate, Certificate) {
    let path = |name: &str| hsm.folder().join(name).to_str().unwrap().to_owned();
    fs::write(path("request.der"), request).unwrap();
    fs::write(path("extensions"), "keyUsage=critical,digitalSignature,nonRepudiation\n").unwrap();
    let (key, ca, certificate) = (path("ca.key"), path("ca.pem"), path("certificate.der"));
    let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=TEST CA", "-days", "9"];
    hsm.run("openssl", &[&make[..], &["-keyout", &key, "-out", &ca]].concat());
    let (request, extensions) = (path("request.der"), path("extensions"));
    let sign = ["x509", "-req", "-inform", "DER", "-in", &request, "-CA", &ca, "-CAkey", &key, "-days", "9"];
    let out = ["-extfile", &extensions, "-outform", "DER", "-out", &certificate];
    hsm.run("openssl", &[&sign[..], &out].concat());
    hsm.run("openssl", &["x509", "-in", &ca, "-outform", "DER", "-out", &path("ca.der")]);
    let read = |name: &str| Certificate::from_der(&fs::read(path(name)).unwrap()).unwrap();
    (read("certificate.der"), read("ca.der"))
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool, openssl"]
fn a_key_made_in_a_token_gets_its_certificate_and_is_then_a_set() {
    alone(|hsm| {
        hsm.token("seal");
        let token = token(hsm);
        let generated = lock(&token).generator().unwrap().generate(2048, "홍길동 새 키").unwrap();
        let signer = lock(&token).signer(&generated.key).unwrap();
        let request = csr::request("cn=홍길동,o=yessign,c=kr", &generated.public_key_info, &*signer).unwrap();
        let listed = entries(&token);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name, generated.key.entry, "a key without certificate is listed as one");
        assert!(listed[0].content.is_err());

        let (certificate, authority) = issued(hsm, &request);
        assert_eq!(certificate.common_name(), "홍길동");
        let private = object(hsm, "Private Key Object", &certificate.key_id());
        assert!(private.contains("never extractable") && private.contains("always sensitive"), "{private}");

        let attach = |certificate: &Certificate| {
            lock(&token).generator().unwrap().attach(certificate, std::slice::from_ref(&authority))
        };
        assert_eq!(attach(&authority).unwrap_err().kind(), ErrorKind::NotFound, "no key of this certificate");
        let name = attach(&certificate).unwrap();
        let listed = entries(&token);
        assert_eq!((listed.len(), &listed[0].name), (1, &name));
        let set = listed[0].content.as_ref().unwrap();
        assert!(set.sign.key.is_some() && set.ca_certificates.len() == 1);
        assert_eq!(attach(&certificate).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let refused = lock(&token).exporter().unwrap().export(&name).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_key_is_made_only_of_a_size_and_name_that_make_sense_and_only_after_login() {
    alone(|hsm| {
        hsm.token("seal");
        let token = token(hsm);
        let generate = |bits, label| lock(&token).generator().unwrap().generate(bits, label).unwrap_err().kind();
        for bits in [0, 1024, 2047, 8192] {
            assert_eq!(generate(bits, "x"), ErrorKind::InvalidInput, "{bits}");
        }
        assert_eq!(generate(2048, ""), ErrorKind::InvalidInput);
        lock(&token).logout(&Scope::All);
        assert_eq!(generate(2048, "x"), ErrorKind::NotLoggedIn);
        assert!(objects(hsm).is_empty());
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_key_that_waits_for_its_certificate_is_no_remnant() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let generated = lock(&token).generator().unwrap().generate(2048, "새 키").unwrap();
        import(&token, disk.export()).unwrap();
        assert!(lock(&token).signer(&generated.key).is_ok());
        assert_eq!(entries(&token).len(), 2);
    });
}
