//! This file is the demonstration: a TEST certificate signs a file through the module, and OpenSSL checks the signature.
//! What happens is said in Korean or English, whichever the locale asks for.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, debian, must, root, ship};

/// The password that `ingam sample` gives its TEST certificates.
const PASSWORD: &str = "ingam-TEST-2026!";

/// Makes `target/demo` anew and goes through the steps.
pub(crate) fn run() -> Done {
    let speech = Speech::of_locale();
    debian::install(debian::DEMO)?;
    speech.say("Building the command line and the module…", "명령줄 도구와 모듈을 빌드합니다…");
    ship::build()?;
    let demo = Demo::make_anew()?;

    speech.say(
        "\n1. A TEST certificate in an NPKI folder, as a bank's software would leave it:",
        "\n1. 은행 프로그램이 저장하는 것과 같은 모양으로, NPKI 폴더에 시험용 인증서를 만듭니다:",
    );
    demo.show(ship::ingam(), &["sample", "--out", "."])?;

    speech.say("\n2. What ingam sees there:", "\n2. ingam이 찾은 인증서입니다:");
    demo.show(ship::ingam(), &["list"])?;

    speech.say(
        "\n3. pkcs11-tool, which knows nothing of Korean certificates, signs a file through the module:",
        "\n3. 국내 인증서를 전혀 모르는 pkcs11-tool이 모듈을 통해 파일에 서명합니다:",
    );
    let module = ship::module();
    let module = module.to_string_lossy();
    let login = ["--module", &module, "--login", "--pin", PASSWORD];
    let sign =
        ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--input-file", "document.txt", "--output-file", "document.sig"];
    demo.show("pkcs11-tool", &[&login[..], &sign].concat())?;

    speech.say(
        "\n4. OpenSSL checks the signature with nothing but the certificate:",
        "\n4. OpenSSL이 인증서만 가지고 서명을 검증합니다:",
    );
    let certificate = demo.certificate()?;
    demo.show("openssl", &["x509", "-in", &certificate, "-noout", "-pubkey", "-out", "public.pem"])?;
    demo.show("openssl", &["dgst", "-sha256", "-verify", "public.pem", "-signature", "document.sig", "document.txt"])?;

    speech.say(
        "\nDone. A certificate in an NPKI folder signed as a hardware token would: every program that can load a PKCS#11\n\
         module can do the same. Everything made is in target/demo; your own certificates were not looked at. To go on:\n",
        "\n끝났습니다. NPKI 폴더의 인증서가 보안토큰처럼 서명했습니다. PKCS#11 모듈을 쓸 수 있는 프로그램이면 모두 똑같이 할 수\n\
         있습니다. 만든 것은 모두 target/demo에 있고, 쓰시던 인증서는 읽지 않았습니다. 이어서 해 보시려면:\n",
    );
    println!("  export INGAM_NPKI_PATH={}", demo.folder.join("NPKI").display());
    println!("  {} list", ship::ingam().display());
    Ok(())
}

/// The demonstration's folder.
struct Demo {
    folder: PathBuf,
}

impl Demo {
    fn make_anew() -> Result<Self, String> {
        let folder = root().join("target/demo");
        let made = || {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir_all(folder.join("home"))?;
            fs::write(folder.join("document.txt"), "전자세금계산서, or any other document\n")
        };
        made().map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Prints the command as one would type it in the folder, and runs it there, with no certificate of the user's.
    fn show(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Done {
        let program = program.as_ref();
        let name = Path::new(program).file_name().unwrap_or(program).to_string_lossy();
        let quoted =
            |word: &&str| if word.contains([' ', '(', '!']) { format!("'{word}'") } else { (*word).to_owned() };
        println!("$ {name} {}", arguments.iter().map(quoted).collect::<Vec<_>>().join(" "));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder);
        command.env("INGAM_NPKI_PATH", self.folder.join("NPKI")).env("HOME", self.folder.join("home"));
        command.env("XDG_CONFIG_HOME", self.folder.join("home")).env_remove("INGAM_CONF");
        command.env("INGAM_PKCS11_MODULES", "none");
        must(&mut command)
    }

    /// Path of the signing certificate, from the folder.
    fn certificate(&self) -> Result<String, String> {
        let mut folders = vec![self.folder.join("NPKI")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.ends_with("signCert.der") {
                    return Ok(path.strip_prefix(&self.folder).unwrap_or(&path).to_string_lossy().into_owned());
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        Err(format!("no signCert.der under {}", self.folder.display()))
    }
}

/// The language of the user.
#[derive(Clone, Copy)]
enum Speech {
    English,
    Korean,
}

impl Speech {
    fn of_locale() -> Self {
        let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find(set).unwrap_or("LANG");
        let value = std::env::var(name).unwrap_or_default();
        if value.starts_with("ko") { Self::Korean } else { Self::English }
    }

    fn say(self, english: &str, korean: &str) {
        println!("{}", if matches!(self, Self::Korean) { korean } else { english });
    }
}
