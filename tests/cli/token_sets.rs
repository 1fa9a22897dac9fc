//! This file brings certificates to a SoftHSM token by the command line, and takes them away again.

use super::softhsm::{self, SoftHsm};
use super::*;

/// Planted as a PIN; no output may hold it.
const PIN: &str = "31-P1n-Canary";

/// A SoftHSM of its own, with tokens of these labels, beside the NPKI folder of one sample.
struct Place {
    hsm: SoftHsm,
    npki: PathBuf,
}

impl Place {
    fn new(labels: &[&str], from: &str) -> Self {
        let hsm = SoftHsm::new();
        for label in labels {
            hsm.run(
                "softhsm2-util",
                &["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", softhsm::SO_PIN],
            );
        }
        SAMPLES.secret("canary-pin", PIN.as_bytes());
        let npki = hsm.folder().join("NPKI");
        copy_folder(&SAMPLES.path(from).join("NPKI"), &npki);
        Self { hsm, npki }
    }

    fn run_in(&self, locale: &str, arguments: &[&str]) -> Run {
        let environment = self.hsm.environment();
        let mut environment: Vec<_> = environment.iter().map(|(name, path)| (*name, path.to_str().unwrap())).collect();
        environment.push(("LC_ALL", locale));
        let run = SAMPLES.run(arguments, &environment);
        assert!(!run.stdout.contains(PIN) && !run.stderr.contains(PIN), "{}{}", run.stdout, run.stderr);
        run
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_in("C.UTF-8", arguments)
    }

    fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let run = self.run(&[arguments, &["--json"]].concat());
        (run.exit, run.error()["code"].as_str().unwrap().to_owned())
    }

    fn certs(&self, medium: &str) -> usize {
        let run = self.run(&["list", "--medium", medium, "--json"]);
        run.json()["certs"].as_array().unwrap().len()
    }

    fn path(&self, name: &str) -> String {
        self.hsm.folder().join(name).display().to_string()
    }

    /// What the token holds, as SoftHSM itself tells.
    fn objects(&self, label: &str) -> String {
        let tool = ["--module", softhsm::MODULE, "--token-label", label, "--login", "--pin", PIN, "--list-objects"];
        self.hsm.run("pkcs11-tool", &tool)
    }
}

fn moved<'a>(to: &'a str, secrets: &[&'a str]) -> Vec<&'a str> {
    [&["move", "가나다", "--to", to, "--yes"], secrets].concat()
}

const OPEN: [&str; 4] = ["--password-file", "pw", "--pin-file", "canary-pin"];

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_set_is_imported_signs_in_its_token_and_is_deleted() {
    let place = Place::new(&["회사토큰"], "a");
    let set = only_set(&place.npki);
    let import = ["import", set.to_str().unwrap(), "--to", "token:회사토큰"];
    let run = place.run_in("ko_KR.UTF-8", &[&import[..], &OPEN].concat());
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert_eq!(
        run.stdout,
        "✓ 홍길동: 개인키, 인증서, 암호화용 개인키와 인증서, 체인, 본인확인정보(R)\n  시험 서명으로 확인했습니다.\n"
    );
    assert_eq!(place.certs("token"), 1);
    assert_eq!(place.fails(&[&import[..], &OPEN].concat()), (8, "already_exists".to_owned()));

    let out = place.path("a.sig");
    let sign = ["sign", "홍길동", "--medium", "token", "--in", "a.txt", "--out", &out, "--pin-file", "canary-pin"];
    assert_eq!(place.run(&sign).exit, 0);
    let verify = ["verify", "홍길동", "--medium", "hdd", "--in", "a.txt", "--signature", &out];
    assert_eq!(place.run(&verify).exit, 0, "the key is the one of the folder");
    let r = |medium: &str, out: &str, secret: [&str; 2]| {
        let run = place.run(&[&["vid", "r", "홍길동", "--medium", medium, "--out", out], &secret[..]].concat());
        assert_eq!(run.exit, 0, "{}", run.stderr);
        fs::read(out).unwrap()
    };
    let (token, folder) = (place.path("token.r"), place.path("folder.r"));
    assert_eq!(r("token", &token, ["--pin-file", "canary-pin"]), r("hdd", &folder, ["--password-file", "pw"]));

    let to = place.path("out");
    fs::create_dir(&to).unwrap();
    let to = format!("dir:{to}");
    let copy =
        ["copy", "홍길동", "--medium", "token", "--to", &to, "--pin-file", "canary-pin", "--new-password-file", "pw"];
    let run = place.run_in("ko_KR.UTF-8", &copy);
    assert_eq!(run.exit, 1);
    assert!(run.stderr.starts_with("✗ 개인키는 보안토큰 밖으로 꺼낼 수 없습니다: 회사토큰\n"), "{}", run.stderr);
    assert_eq!(place.fails(&copy), (1, "key_not_extractable".to_owned()));

    let delete = ["delete", "홍길동", "--medium", "token", "--pin-file", "canary-pin"];
    assert_eq!(place.fails(&delete), (2, "confirmation_needed".to_owned()));
    let deleted = place.run(&[&delete[..], &["--yes", "--json"]].concat());
    assert_eq!(deleted.json()["deleted"]["medium"]["label"], "회사토큰", "{}", deleted.stderr);
    assert_eq!((place.certs("token"), place.certs("hdd")), (0, 1));
    let objects = place.objects("회사토큰");
    assert!(!objects.contains("Private Key") && !objects.contains("R4VID"), "{objects}");
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_set_is_moved_to_a_token_once_and_only_with_the_right_pin() {
    let place = Place::new(&["one", "two"], "b");
    assert_eq!(place.fails(&moved("token", &OPEN)), (3, "medium_ambiguous".to_owned()));
    assert_eq!(place.fails(&moved("token:three", &OPEN)), (6, "removed".to_owned()));
    assert_eq!(place.fails(&moved("token:one", &["--password-file", "wrong"])), (4, "pin_incorrect".to_owned()));
    assert_eq!(place.fails(&moved("token:one", &["--password-file", "pw"])), (2, "secret_needed".to_owned()));
    let wrong = ["--password-file", "pw", "--pin-file", "wrong"];
    assert_eq!(place.fails(&moved("token:one", &wrong)), (4, "pin_incorrect".to_owned()));
    assert_eq!((place.certs("hdd"), place.certs("token:one")), (1, 0));

    // Where to look for the original says nothing about where it goes.
    let from = format!("dir:{}", place.npki.display());
    let narrowed = [&moved("token:one", &OPEN)[..], &["--medium", &from]].concat();
    let run = place.run_in("en_US.UTF-8", &narrowed);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .starts_with("✓ (주)가나다: key, certificate, chain, VID R\n  verified by a test signature\nRemoved: ")
    );
    assert_eq!((place.certs("hdd"), place.certs("token:one"), place.certs("token:two")), (0, 1, 0));
    let across = ["copy", "가나다", "--to", "token:two", "--pin-file", "canary-pin"];
    assert_eq!(place.fails(&across), (1, "unsupported".to_owned()));
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn the_target_is_named_by_a_uri_whose_pin_source_counts() {
    let place = Place::new(&["ci"], "b");
    let set = only_set(&place.npki);
    let source = format!("pkcs11:token=ci?pin-source=file:{}", SAMPLES.path("canary-pin").display());
    let run = place.run(&["import", set.to_str().unwrap(), "--to", &source, "--password-file", "pw"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let value = format!("pkcs11:token=ci?pin-value={PIN}");
    for arguments in [["list", "--medium", &value], ["list", "--medium", &format!("{value}&%")]] {
        place.run(&arguments);
    }
    let to = |to: &str| place.fails(&["copy", "가나다", "--medium", "hdd", "--to", to]);
    assert_eq!(to(&value), (2, "secret_on_command_line".to_owned()));
}

#[test]
#[ignore = "needs softhsm2-util and openssl"]
fn a_key_made_in_the_token_gets_its_certificate() {
    let place = Place::new(&["ci"], "a");
    let (csr, pem, ca, ca_key) = (place.path("r.csr"), place.path("r.pem"), place.path("ca.pem"), place.path("ca.key"));
    let subject = "cn=홍길동,ou=시험,o=Example,c=KR";
    let request = ["csr", "--medium", "token", "--subject", subject, "--out", &csr, "--pin-file", "canary-pin"];
    let run = place.run_in("ko_KR.UTF-8", &request);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .starts_with(&format!("보안토큰에 키를 만들고 발급 요청을 썼습니다: {csr} (보안토큰: ci, 이름: 홍길동)"))
    );
    assert_eq!(place.fails(&request), (8, "already_exists".to_owned()));
    let shown = place.hsm.run("openssl", &["req", "-in", &csr, "-verify", "-noout", "-subject", "-nameopt", "utf8"]);
    assert!(shown.contains("CN=홍길동") || shown.contains("CN = 홍길동"), "{shown}");

    let authority =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &ca_key, "-out", &ca, "-subj", "/CN=CA"];
    place.hsm.run("openssl", &authority);
    place.hsm.run("openssl", &["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &ca_key, "-out", &pem, "-days", "9"]);
    let mut chain = fs::read(&pem).unwrap();
    chain.extend(fs::read(&ca).unwrap());
    fs::write(&pem, chain).unwrap();
    let import = ["import", &pem, "--to", "token", "--pin-file", "canary-pin"];
    let run = place.run_in("en_US.UTF-8", &import);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "✓ 홍길동: the certificate joined its key in the token\n  verified by a test signature\n");
    assert_eq!(place.fails(&import), (8, "already_exists".to_owned()));
    let out = place.path("a.sig");
    let sign = ["sign", "홍길동", "--medium", "token", "--in", "a.txt", "--out", &out, "--pin-file", "canary-pin"];
    assert_eq!(place.run(&sign).exit, 0);
    let public = place.path("pub.pem");
    place.hsm.run("openssl", &["x509", "-in", &pem, "-pubkey", "-noout", "-out", &public]);
    let data = SAMPLES.path("a.txt").display().to_string();
    let verified = place.hsm.run("openssl", &["dgst", "-sha256", "-verify", &public, "-signature", &out, &data]);
    assert!(verified.contains("Verified OK"), "{verified}");
    // A certificate whose key is elsewhere finds none here.
    let foreign = place.path("foreign.pem");
    fs::write(&foreign, SAMPLES.run(&["show", "성춘향", "--pem"], &[]).stdout).unwrap();
    assert_eq!(
        place.fails(&["import", &foreign, "--to", "token", "--pin-file", "canary-pin"]),
        (3, "not_found".to_owned())
    );
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_key_without_certificate_is_deleted_by_its_name() {
    let place = Place::new(&["ci"], "a");
    let csr = place.path("r.csr");
    for (label, named) in [("lone", true), ("other", false)] {
        let request = ["csr", "--medium", "token", "--subject", "cn=x", "--out", &csr, "--pin-file", "canary-pin"];
        let run = place.run(&[&request[..], &["--label", label, "--force", "--json"]].concat());
        let key = run.json()["csr"]["key"].as_str().unwrap().to_owned();
        assert!(place.objects("ci").contains("Private Key"));
        let name = if named { label } else { &key };
        let delete = ["delete", name, "--medium", "token", "--pin-file", "canary-pin"];
        assert_eq!(place.fails(&delete), (2, "confirmation_needed".to_owned()));
        let wrong = ["delete", name, "--medium", "token", "--pin-file", "wrong", "--yes"];
        assert_eq!(place.fails(&wrong), (4, "pin_incorrect".to_owned()));
        let run = place.run(&[&delete[..], &["--yes", "--json"]].concat());
        assert_eq!((run.exit, run.json()["deleted"]["cert"].clone()), (0, Value::Null), "{}", run.stderr);
        assert!(!place.objects("ci").contains("Private Key"), "{}", place.objects("ci"));
    }
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "needs softhsm2-util"]
fn the_way_to_get_rid_of_a_key_without_its_request_works() {
    let place = Place::new(&["seal", "other"], "a");
    let made = ["csr", "--medium", "token:seal", "--subject", "cn=full", "--out", "-", "--pin-file", "canary-pin"];
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = SAMPLES.command(&made, &[]);
    let run = Run::of(command.envs(place.hsm.environment()).stdout(full).output().unwrap());
    assert_eq!(run.exit, 8, "{}", run.stderr);
    let way = run.stderr.split("ingam delete ").nth(1).unwrap().trim();
    let arguments: Vec<&str> = way.split(' ').collect();
    let run = place.run(&[&["delete"], &arguments[..], &["--yes", "--pin-file", "canary-pin"]].concat());
    assert_eq!(run.exit, 0, "{way}: {}", run.stderr);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_label_that_two_tokens_have_names_neither_of_them() {
    let place = Place::new(&["one", "one"], "b");
    assert_eq!(place.fails(&moved("token:one", &OPEN)), (3, "medium_ambiguous".to_owned()));
    assert_eq!(place.fails(&moved("pkcs11:token=one", &OPEN)), (3, "medium_ambiguous".to_owned()));
    for verb in ["info", "reset", "unlock"] {
        assert_eq!(place.fails(&["token", verb, "token:one"]), (3, "token_ambiguous".to_owned()));
    }
    let listed = place.run(&["token", "list", "--json"]);
    let serial = listed.json()["tokens"][0]["serial"].as_str().unwrap().to_owned();
    let run = place.run(&moved(&format!("token:{serial}"), &OPEN));
    assert_eq!(run.exit, 0, "{}", run.stderr);
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_certificate_without_its_key_is_not_called_imported() {
    let place = Place::new(&["ci"], "b");
    let certificate = only_set(&place.npki).join("signCert.der");
    let write = ["--module", softhsm::MODULE, "--token-label", "ci", "--login", "--pin", PIN, "--type", "cert"];
    let file = ["--write-object", certificate.to_str().unwrap(), "--id", "77", "--label", "alone"];
    place.hsm.run("pkcs11-tool", &[&write[..], &file].concat());
    let import = ["import", place.npki.to_str().unwrap(), "--to", "token:ci"];
    assert_eq!(place.fails(&[&import[..], &OPEN].concat()), (8, "already_exists".to_owned()));
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_password_of_a_file_is_not_sent_to_the_token_that_has_a_copy() {
    let place = Place::new(&["ci"], "b");
    let import = ["import", place.npki.to_str().unwrap(), "--to", "token:ci"];
    assert_eq!(place.run(&[&import[..], &OPEN].concat()).exit, 0);
    let output = place.path("signature");
    let sign = |rest: &[&str]| {
        let sign = ["sign", "(주)가나다", "--in", "a.txt", "--out", &output, "--force"];
        place.run(&[&sign[..], rest].concat()).exit
    };
    assert_eq!(sign(&["--password-file", "pw"]), 3);
    assert_eq!(sign(&["--password-file", "pw", "--medium", "hdd"]), 0);
    assert_eq!(sign(&["--pin-file", "canary-pin"]), 0);
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn an_r_that_anybody_could_have_put_there_does_not_stand_for_the_private_one() {
    let place = Place::new(&["ci"], "b");
    let import = ["import", place.npki.to_str().unwrap(), "--to", "token:ci"];
    assert_eq!(place.run(&[&import[..], &OPEN].concat()).exit, 0);
    let verify =
        ["vid", "verify", "(주)가나다", "--medium", "token:ci", "--idn-file", "idn", "--pin-file", "canary-pin"];
    assert_eq!(place.run(&verify).exit, 0);
    let list = place.run(&["list", "--medium", "token:ci", "--json"]).json();
    let label = format!("R4VID={}", list["certs"][0]["sign"]["key_id"].as_str().unwrap());
    let other = place.path("other");
    fs::write(&other, [7; 20]).unwrap();
    let write = ["--module", softhsm::MODULE, "--token-label", "ci", "--type", "data", "--label", &label];
    place.hsm.run("pkcs11-tool", &[&write[..], &["--write-object", &other]].concat());
    assert_eq!(place.run(&verify).exit, 0);
}
