//! This file is the demonstration: a TEST certificate signs a file through the module, and OpenSSL checks the signature.
//! What happens is said in Korean or English, whichever the locale asks for.

use std::path::Path;
use std::process::Command;

use crate::{Done, debian, must, root, ship};

/// The password of the demonstration's TEST certificate.
pub(crate) const PASSWORD: &str = "Demo-Only-2026!";

/// Makes `target/demo` anew and goes through the steps.
pub(crate) fn run() -> Done {
    let speech = Speech::of_locale();
    debian::install(debian::DEMO)?;
    speech.say("Building the command line and the module…", "명령줄 도구와 모듈을 빌드합니다…");
    ship::build()?;

    let folder = root().join("target/demo");
    make_anew(&folder)?;

    speech.step(1, "A TEST certificate in an NPKI folder, as a bank's website would leave it:",
        "은행 사이트가 저장하는 것과 같은 NPKI 폴더에 시험용 인증서를 만듭니다:");
    show(at(&folder, &ship::ingam()).args(["sample", "--out", ".", "--km", "--password-file", "password"]))?;

    speech.step(2, "What ingam sees there:", "ingam이 본 내용입니다:");
    show(at(&folder, &ship::ingam()).arg("list"))?;

    speech.step(3, "OpenSC's pkcs11-tool, which knows nothing of Korean certificates, signs a file through the module:",
        "국내 인증서를 모르는 OpenSC pkcs11-tool이 모듈을 통해 파일에 서명합니다:");
    write(&folder, "document.txt", "안녕하세요, this is the document.\n")?;
    let module = ship::module();
    let id = key_id(&folder)?;
    show(
        at(&folder, Path::new("pkcs11-tool"))
            .arg("--module")
            .arg(&module)
            .args(["--login", "--pin", PASSWORD, "--sign", "--id", &id, "--mechanism", "SHA256-RSA-PKCS"])
            .args(["--input-file", "document.txt", "--output-file", "document.sig"]),
    )?;

    speech.step(4, "OpenSSL checks the signature with the certificate alone:", "OpenSSL이 인증서만으로 서명을 검증합니다:");
    show(at(&folder, Path::new("openssl")).args(["dgst", "-sha256", "-verify", "public.pem", "-signature", "document.sig", "document.txt"]))?;

    speech.say(
        "\nDone. A certificate in an NPKI folder just signed like a hardware token: any program that can load a PKCS#11\n\
         module can do the same. Everything lies in target/demo; nothing outside this folder was touched.",
        "\n끝났습니다. NPKI 폴더의 인증서가 보안토큰처럼 서명했습니다. PKCS#11 모듈을 쓰는 프로그램이면 어느 것이든 똑같이 쓸 수\n\
         있습니다. 만든 것은 모두 target/demo에 있으며, 이 폴더 밖은 건드리지 않았습니다.",
    );
    println!("\n  INGAM_NPKI_PATH={}\n  module: {}\n  password: {PASSWORD}", folder.join("NPKI").display(), module.display());
    Ok(())
}
