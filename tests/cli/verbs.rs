//! This file checks what a screen cannot show: JSON, files, pipes, where secrets come from and go to.

use super::*;

#[test]
fn every_row_of_a_table_has_the_same_width() {
    for locale in ["ko_KR.UTF-8", "en_US.UTF-8"] {
        let run = SAMPLES.run(&["list", "--quiet"], &[("LC_ALL", locale)]);
        let widths: Vec<_> = run.stdout.lines().map(|line| line.width()).collect();
        assert_eq!(widths.len(), 4, "{}", run.stdout);
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}\n{}", run.stdout);
    }
}

#[test]
fn colour_is_not_forced_on_anybody() {
    for variable in ["NO_COLOR", "CLICOLOR_FORCE"] {
        // `Run::of` looks for escape characters.
        assert_eq!(SAMPLES.run(&["list"], &[(variable, "1")]).exit, 0);
        assert_eq!(SAMPLES.run(&["list", "--wrong"], &[(variable, "1")]).exit, 2);
    }
}

#[test]
fn the_language_is_the_options_or_the_locales() {
    let header = |arguments: &[&str], environment: &[(&str, &str)]| {
        let run = SAMPLES.run(arguments, environment);
        run.stdout.starts_with("번호")
    };
    assert!(header(&["list"], &[("LC_ALL", "ko_KR.UTF-8")]));
    assert!(header(&["list"], &[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8"), ("LANG", "en_US.UTF-8")]));
    assert!(header(&["list"], &[("LC_ALL", ""), ("LANG", "ko_KR.UTF-8")]));
    assert!(!header(&["list"], &[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")]));
    for arguments in [["list", "--lang", "ko"].as_slice(), &["list", "--lang=ko"], &["--lang", "ko", "목록"]] {
        assert!(header(arguments, &[]), "{arguments:?}");
    }
    assert!(!header(&["목록", "--lang", "en"], &[("LC_ALL", "ko_KR.UTF-8")]));
}

#[test]
fn a_list_in_json_has_every_copy_and_every_reason() {
    let samples = &*SAMPLES;
    let twice = samples.path("twice");
    copy_folder(&samples.path("a"), &twice.join("1"));
    copy_folder(&samples.path("a"), &twice.join("2"));
    copy_folder(&samples.path("b"), &twice.join("3"));
    let damaged = only_set(&twice.join("3/NPKI"));
    fs::write(damaged.join("signCert.der"), "junk").unwrap();
    let roots = std::env::join_paths(["1", "2", "3"].map(|name| twice.join(name).join("NPKI"))).unwrap();
    let environment = [("INGAM_NPKI_PATH", roots.to_str().unwrap())];

    let document = samples.run(&["list", "--json"], &environment).json();
    assert_eq!(document["schema"], 1);
    let certs = document["certs"].as_array().unwrap();
    assert_eq!(certs.len(), 2);
    assert_eq!(certs[0]["sign"]["sha256"], certs[1]["sign"]["sha256"]);
    assert_ne!(certs[0]["medium"]["serial"], certs[1]["medium"]["serial"]);
    let cert = &certs[0];
    assert_eq!(cert["medium"]["kind"], "hdd");
    assert_eq!(cert["sign"]["name"], "홍길동");
    assert_eq!(cert["sign"]["issuer"]["key"], "yessign");
    assert_eq!(cert["sign"]["policy"]["usage"], "bank-card-insurance");
    assert_eq!(cert["sign"]["policy"]["holder"], "individual");
    assert_eq!(cert["sign"]["standing"], "in-period");
    assert_eq!(cert["sign"]["days_left"], 100);
    assert_eq!(cert["sign"]["has_private_key"], true);
    assert_eq!(cert["km"]["has_private_key"], true);
    assert_eq!(cert["ca_certificates"].as_array().unwrap().len(), 2);
    assert!(cert["uri"].as_str().unwrap().starts_with("pkcs11:token=NPKI%20"));
    let unusable = document["unusable"].as_array().unwrap();
    assert_eq!(unusable.len(), 1);
    assert_eq!(unusable[0]["code"], "damaged");
    assert!(unusable[0]["place"].as_str().unwrap().contains("가나다"));

    // For people copies are one row, unless all are asked for; the reason is there in any case.
    let rows = |arguments: &[&str]| {
        let run = samples.run(arguments, &environment);
        assert!(run.stdout.contains("signCert.der"), "{}", run.stdout);
        run.stdout.lines().filter(|line| line.contains("hdd")).count()
    };
    assert_eq!(rows(&["list"]), 1);
    assert_eq!(rows(&["list", "--all"]), 2);
}

#[test]
fn every_error_code_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let documented = read("docs/json.md");
    let mut codes = 0;
    for source in [
        "src/cli/report.rs",
        "src/cli/refusal.rs",
        "src/cli/failure.rs",
        "src/cli/pin_failure.rs",
        "src/cli/token/failure.rs",
    ] {
        // A code is the literal before the exit code.
        let source = read(source);
        let source = source.split("#[cfg(test)]").next().unwrap();
        for (at, _) in source.match_indices("Exit::") {
            let before = source[..at].trim_end();
            let Some(before) = before.strip_suffix("\",") else { continue };
            let code = &before[before.rfind('"').unwrap() + 1..];
            assert!(documented.contains(&format!("`{code}`")), "docs/json.md says nothing of {code}");
            codes += 1;
        }
    }
    assert!(codes > 40, "{codes}");
}

#[test]
fn the_uri_names_no_token_where_tokens_are_no_media() {
    let uri =
        |slots| SAMPLES.run(&["show", "홍길동", "--json"], &[("INGAM_SLOTS", slots)]).json()["cert"]["uri"].clone();
    assert!(uri("medium").as_str().unwrap().starts_with("pkcs11:token="));
    for slots in ["one", "certificate"] {
        assert!(uri(slots).as_str().unwrap().starts_with("pkcs11:id="));
    }
}

#[test]
fn no_certificate_is_an_empty_list_and_no_error() {
    let nothing = [("INGAM_NPKI_PATH", "/nonexistent/NPKI")];
    let run = SAMPLES.run(&["list", "--json"], &nothing);
    assert_eq!((run.exit, run.json()["certs"].clone()), (0, Value::Array(Vec::new())));
    assert_eq!(run.json()["searched"][0], "/nonexistent/NPKI");
}

#[test]
fn a_certificate_is_named_by_serial_number_fingerprint_and_uri() {
    let document = SAMPLES.run(&["show", "홍길동", "--json"], &[]).json();
    let cert = &document["cert"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sha256 = text(&cert["sign"]["sha256"]);
    let serial = text(&cert["medium"]["serial"]);
    for selector in [
        format!("serial:{}", text(&cert["sign"]["serial"]).to_uppercase()),
        format!("sha256:{}", &sha256[..12]),
        format!("sha256:{}", text(&cert["km"]["sha256"])),
        text(&cert["uri"]),
        format!("pkcs11:serial={serial};object=%ED%99%8D%EA%B8%B8%EB%8F%99;type=cert"),
    ] {
        let found = SAMPLES.run(&["show", &selector, "--json"], &[]);
        assert_eq!(found.json()["cert"]["sign"]["sha256"], sha256.as_str(), "{selector}");
    }
    let wrong = SAMPLES.run(&["show", "pkcs11:token=other", "--json"], &[]);
    assert_eq!(wrong.error()["code"], "certificate_not_found");
}

#[test]
fn what_show_prints_as_pem_and_der_is_the_certificate() {
    let set = only_set(&SAMPLES.path("a/NPKI"));
    let der = fs::read(set.join("signCert.der")).unwrap();
    let output = SAMPLES.command(&["show", "홍길동", "--der"], &[]).output().unwrap();
    assert_eq!(output.stdout, der);
    let pem = SAMPLES.run(&["show", "홍길동", "--pem"], &[]).stdout;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.ends_with("-----END CERTIFICATE-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
}

#[test]
fn r_is_known_once_the_password_is_given() {
    let show = |arguments: &[&str]| {
        let run = SAMPLES.run(&[&["show", "홍길동", "--json"], arguments].concat(), &[]);
        run.json()["cert"]["has_vid_random"].clone()
    };
    assert_eq!(show(&[]), Value::Null);
    assert_eq!(show(&["--password-file", "pw"]), true);
}

#[test]
fn a_signature_is_made_once_and_verifies() {
    let out = SAMPLES.path("once.sig");
    let out = out.to_str().unwrap();
    let schemes =
        [("sha256", false), ("sha384", false), ("sha512", false), ("sha1", false), ("sha256", true), ("sha512", true)];
    for (index, (hash, pss)) in schemes.into_iter().enumerate() {
        let scheme = |hash| if pss { vec!["--hash", hash, "--pss"] } else { vec!["--hash", hash] };
        let force = if index == 0 { vec![] } else { vec!["--force"] };
        let sign = ["sign", "홍길동", "--in", "a.txt", "--out", out, "--password-file", "pw", "--json"];
        let signed = SAMPLES.run(&[&sign[..], &scheme(hash), &force].concat(), &[]);
        assert_eq!(signed.json()["signature"]["bytes"], 256, "{}", signed.stderr);
        let verify = ["verify", "홍길동", "--in", "a.txt", "--signature", out, "--json"];
        let verified = SAMPLES.run(&[&verify[..], &scheme(hash)].concat(), &[]);
        assert_eq!((verified.exit, verified.json()["signature"]["verdict"].clone()), (0, "ok".into()), "{hash} {pss}");
        let other = if hash == "sha384" { "sha256" } else { "sha384" };
        let wrong = SAMPLES.run(&[&verify[..], &scheme(other)].concat(), &[]);
        assert_eq!((wrong.exit, wrong.json()["signature"]["verdict"].clone()), (9, "failed".into()), "{hash} {pss}");
    }
    let again = SAMPLES.run(&["sign", "홍길동", "--in", "a.txt", "--out", out, "--password-file", "pw", "--json"], &[]);
    assert_eq!((again.exit, again.error()["code"].clone()), (8, "already_exists".into()));
    let left = fs::read_dir(SAMPLES.folder.path()).unwrap().filter_map(Result::ok);
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().ends_with(".tmp")));
}

#[test]
fn a_signature_passes_through_a_pipe() {
    let run = SAMPLES.shell(
        "$INGAM sign 홍길동 --in - --out - --password-fd 3 3< pw < a.txt > piped.sig && \
         $INGAM verify 홍길동 --in - --signature piped.sig < a.txt",
    );
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(fs::read(SAMPLES.path("piped.sig")).unwrap().len(), 256);
}

#[test]
fn a_password_comes_from_each_source_and_the_first_one_counts() {
    let samples = &*SAMPLES;
    let credentials = samples.path("credentials");
    fs::create_dir_all(&credentials).unwrap();
    fs::write(credentials.join("ingam.pin"), PASSWORD).unwrap();
    let credentials = credentials.to_str().unwrap();
    let exit = |arguments: &[&str], environment: &[(&str, &str)]| {
        samples.run(&[&["show", "홍길동", "--no-input"], arguments].concat(), environment).exit
    };
    let wrong = ("PW", "wrong");
    assert_eq!(exit(&["--password-file", "pw", "--password-env", "PW"], &[wrong]), 0);
    assert_eq!(exit(&["--password-env", "PW"], &[("PW", PASSWORD)]), 0);
    assert_eq!(exit(&["--pin-env", "PW"], &[("PW", PASSWORD)]), 0);
    assert_eq!(exit(&["--password-env", "PW"], &[wrong]), 4);
    assert_eq!(exit(&["--password-env", "PW"], &[wrong, ("CREDENTIALS_DIRECTORY", credentials)]), 0);
    assert_eq!(exit(&["--password-file", "wrong"], &[("CREDENTIALS_DIRECTORY", credentials)]), 4);
    let by_fd = samples.shell("$INGAM show 홍길동 --password-fd 3 --password-file wrong 3< pw");
    assert_eq!(by_fd.exit, 0, "{}", by_fd.stderr);
    let by_stdin = samples.shell("cat pw | $INGAM show 홍길동 --pin-fd 0");
    assert_eq!(by_stdin.exit, 0, "{}", by_stdin.stderr);
    let uri = samples.run(&["show", "홍길동", "--json"], &[]).json()["cert"]["uri"].as_str().unwrap().to_owned();
    let source = format!("{uri}?pin-source=file:{}", samples.path("pw").display());
    assert_eq!(samples.run(&["show", &source], &[]).exit, 0);
}

#[test]
fn r_goes_where_it_was_sent_and_to_its_owner_alone() {
    let samples = &*SAMPLES;
    let mut values = Vec::new();
    for form in ["base64", "hex", "raw"] {
        let out = samples.path(&format!("r.{form}"));
        let arguments = ["vid", "r", "홍길동", "--out", out.to_str().unwrap(), "--form", form, "--password-file", "pw"];
        let run = samples.run(&[&arguments[..], &["--json"]].concat(), &[]);
        assert_eq!(run.json()["vid_random"]["form"], form, "{}", run.stderr);
        assert_eq!(mode(&out), 0o600);
        let value = fs::read(&out).unwrap();
        assert!(!run.stdout.contains(String::from_utf8_lossy(&value).trim_end()));
        values.push(value);
    }
    assert_eq!(values[2].len(), 20);
    let hex: String = values[2].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(values[1], format!("{hex}\n").into_bytes());
    assert_eq!(values[0].len(), 29);
    let run = samples.shell("$INGAM vid r 홍길동 --out-fd 4 --form hex --password-file pw 4> r.fd");
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(fs::read(samples.path("r.fd")).unwrap(), values[1]);
    let piped = samples.shell("$INGAM vid r 홍길동 --out - --form hex --password-file pw | cat");
    assert_eq!(piped.stdout.as_bytes(), values[1]);
}

#[test]
fn a_key_without_r_is_said_to_have_none() {
    use ingam::npki::authority::Authority;
    use ingam::pin::Pin;
    use ingam::sample::{SampleKind, SampleRequest, TestAuthority};
    let folder = SAMPLES.path("without-r/NPKI");
    fs::create_dir_all(&folder).unwrap();
    let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", now());
    request.keeps_random = false;
    let set = TestAuthority::new(&Authority::YesSign, now()).unwrap();
    let set = set.issue(&request, &Pin::copy_of(PASSWORD.as_bytes())).unwrap();
    set.publish(&mut ingam::storage::NpkiFolder::new(folder.clone(), 100)).unwrap();
    let environment = [("INGAM_NPKI_PATH", folder.to_str().unwrap())];
    let run = SAMPLES.run(&["vid", "r", "홍길동", "--out", "none", "--password-file", "pw", "--json"], &environment);
    assert_eq!((run.exit, run.error()["code"].clone()), (3, "no_vid_random".into()));
    assert!(!SAMPLES.path("none").exists());
    let run = SAMPLES.run(&["show", "홍길동", "--password-file", "pw", "--json"], &environment);
    assert_eq!(run.json()["cert"]["has_vid_random"], false);
}

#[test]
fn a_sample_tells_everything_that_a_build_needs() {
    let samples = &*SAMPLES;
    let run =
        samples.run(&["sample", "--out", "ci", "--json", "--kind", "personal-bank", "--kind", "tax-invoice"], &[]);
    let document = run.json();
    let sample = &document["sample"];
    assert_eq!(sample["password_source"], "built-in");
    assert_eq!(document["certs"].as_array().unwrap().len(), 2);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    samples.secret("ci-pw", text(&sample["password"]).as_bytes());
    let npki = text(&sample["npki"]);
    for cert in document["certs"].as_array().unwrap() {
        let verify = ["verify", &text(&cert["uri"]), "--ca", &text(&sample["root"]), "--json"];
        let verified = samples.run(&verify, &[("INGAM_NPKI_PATH", &npki)]);
        assert_eq!(verified.exit, 0, "{}", verified.stdout);
        let items = &verified.json()["items"];
        assert_eq!(
            (items["chain"]["verdict"].clone(), items["revocation"]["verdict"].clone()),
            ("ok".into(), "not-checked".into())
        );
        let show = ["show", &text(&cert["uri"]), "--password-file", "ci-pw", "--medium", "dir:ci", "--json"];
        assert_eq!(samples.run(&show, &[]).json()["cert"]["has_vid_random"], true);
    }
    let again = samples.run(&["sample", "--out", "ci", "--json"], &[]);
    assert_eq!((again.exit, again.error()["code"].clone()), (8, "already_exists".into()));
    assert!(run.stdout.contains("TEST"), "clearly marked");
}

#[test]
fn the_module_is_looked_for_beside_the_program_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (bin, lib) = (folder.path().join("bin"), folder.path().join("lib/pkcs11"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&lib).unwrap();
    // By another process: a file that this one has open for writing goes on to every child that a parallel test starts in that
    // moment, and cannot be run meanwhile.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_ingam")).arg(bin.join("ingam")).status().unwrap();
    assert!(copied.success());
    let run = || Run::of(Command::new(bin.join("ingam")).args(["module", "path", "--json"]).output().unwrap());
    let missing = run();
    assert_eq!((missing.exit, missing.error()["code"].clone()), (3, "module_not_found".into()));
    let file = format!("{}ingam_pkcs11{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    fs::write(lib.join(&file), "").unwrap();
    let found = run().json()["module"]["path"].as_str().unwrap().to_owned();
    assert_eq!(Path::new(&found), lib.canonicalize().unwrap().join(&file));
}

#[test]
fn names_in_certificates_and_folders_cannot_write_to_the_terminal() {
    let samples = &*SAMPLES;
    let evil = "eve\u{1b}[2J\u{202e}\n";
    let run = samples.run(&["sample", "--out", "evil\u{1b}[31m", "--name", evil, "--json"], &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(
        run.json()["certs"][0]["sign"]["common_name"].as_str().unwrap().contains('\u{202e}'),
        "JSON keeps the value"
    );
    let npki = run.json()["sample"]["npki"].as_str().unwrap().to_owned();
    for arguments in
        [["list", "--all"].as_slice(), &["show", "eve", "--text"], &["verify", "eve"], &["show", "\u{1b}[1m"]]
    {
        // `Run::of` looks for escape characters.
        let run = samples.run(arguments, &[("INGAM_NPKI_PATH", &npki)]);
        assert!(!run.stdout.contains('\u{202e}') && !run.stderr.contains('\u{202e}'));
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error_message() {
    for arguments in [["list"].as_slice(), &["show", "홍길동", "--json"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = SAMPLES.command(arguments, &[]).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), b"".as_slice()), "{arguments:?}");
    }
}
