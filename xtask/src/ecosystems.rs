//! This file installs the clients that come from PyPI, npm and crates.io, at pinned versions, into folders of their own
//! under `target/tools`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Done, cargo, debian, in_ci, must, root};

/// Clients that are installed together, as tests name them in `#[ignore = "needs …"]`.
struct Bundle {
    tools: &'static [&'static str],
    /// Below `target/tools`.
    folder: &'static str,
    /// The files of this repository that say what is installed: when they change, it is installed anew.
    pins: &'static [&'static str],
    /// What must be there first, from Debian.
    debian: fn() -> Vec<&'static str>,
    install: fn(&Path) -> Done,
}

static BUNDLES: &[Bundle] = &[
    Bundle {
        tools: &["python-pkcs11", "PyKCS11", "pyHanko"],
        folder: "python",
        pins: &["tests/clients/python/requirements.txt"],
        debian: || vec!["python3", "python3-venv"],
        install: python,
    },
    Bundle {
        tools: &["pkcs11js"],
        folder: "node",
        pins: &["tests/clients/node/package.json", "tests/clients/node/package-lock.json"],
        debian: || vec!["python3", "g++", "make", "node", "node-headers", "npm"],
        install: node,
    },
    Bundle {
        tools: &["pkcs11-check"],
        folder: "pkcs11-check",
        pins: &["tests/clients/suites/pkcs11-check.txt"],
        debian: Vec::new,
        install: pkcs11_check,
    },
    Bundle {
        tools: &["cryptoki-suite"],
        folder: "cryptoki-suite",
        pins: &[
            "tests/clients/suites/cryptoki.toml",
            "tests/clients/suites/cryptoki.lock",
            "tests/clients/suites/cryptoki_common.rs",
        ],
        debian: Vec::new,
        install: cryptoki_suite,
    },
];

/// Whether the client is there as the pins say; `None` if the word names none of these.
pub(crate) fn has(name: &str) -> Option<bool> {
    BUNDLES.iter().find(|bundle| bundle.tools.contains(&name)).map(Bundle::is_there)
}

/// Installs what is missing. Where that is impossible, says so and goes on: the tests in question are then reported as
/// skipped. In CI it fails.
pub(crate) fn install() -> Done {
    for bundle in BUNDLES.iter().filter(|bundle| !bundle.is_there()) {
        println!("Installing into target/tools/{}: {}", bundle.folder, bundle.tools.join(" "));
        match bundle.install() {
            Err(reason) if !in_ci() => println!("Could not install {} ({reason})", bundle.tools.join(" ")),
            done => done?,
        }
    }
    Ok(())
}

impl Bundle {
    fn place(&self) -> PathBuf {
        root().join("target/tools").join(self.folder)
    }

    /// Written last, so that a broken installation counts as none.
    fn stamp(&self) -> PathBuf {
        self.place().join("installed")
    }

    fn pinned(&self) -> Result<String, String> {
        self.pins.iter().try_fold(String::new(), |all, pin| Ok(all + &read(&root().join(pin))?))
    }

    fn is_there(&self) -> bool {
        std::fs::read_to_string(self.stamp()).is_ok_and(|stamp| self.pinned() == Ok(stamp))
    }

    fn install(&self) -> Done {
        debian::install(&(self.debian)())?;
        let place = self.place();
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        (self.install)(&place)?;
        write(&self.stamp(), &self.pinned()?)
    }
}

/// A virtual environment of Debian's own Python, of wheels alone: nothing is compiled.
fn python(place: &Path) -> Done {
    must(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(place))?;
    let mut pip = Command::new(place.join("bin/python"));
    pip.args(PIP).args(["install", "--only-binary=:all:", "--requirement", "tests/clients/python/requirements.txt"]);
    must(&mut pip)?;
    // The wheel carries no tests; the source package does.
    let mut pip = Command::new(place.join("bin/python"));
    pip.args(PIP).args(["download", "--no-deps", "--no-binary=python-pkcs11", "--dest"]).arg(place);
    pip.arg(pin("tests/clients/python/requirements.txt", "python-pkcs11")?);
    must(&mut pip)?;
    must(Command::new("sh").current_dir(place).args([
        "-c",
        "tar --wildcards --strip-components=1 -xzf python_pkcs11-*.tar.gz '*/tests' && mv tests python-pkcs11-tests",
    ]))
}

/// The line of a requirements file for one package.
fn pin(file: &str, package: &str) -> Result<String, String> {
    let text = read(&root().join(file))?;
    let line = text.lines().find(|line| line.split_once("==").is_some_and(|(name, _)| name == package));
    line.map(str::to_owned).ok_or_else(|| format!("{file} does not pin {package}"))
}

const PIP: &[&str] = &["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"];

/// `npm ci`, which compiles pkcs11js against the headers of the installed Node, where they lie beside it.
fn node(place: &Path) -> Done {
    for file in ["package.json", "package-lock.json"] {
        write(&place.join(file), &read(&root().join("tests/clients/node").join(file))?)?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(place);
    if Path::new("/usr/include/node/node_api.h").exists() {
        npm.env("npm_config_nodedir", "/usr");
    }
    must(&mut npm)
}

/// It needs a newer Python than Debian 12 has, so it gets that of Debian 13: its packages are unpacked beside it and run
/// under their own loader. Nothing of the system changes.
fn pkcs11_check(place: &Path) -> Done {
    for folder in ["apt/lists/partial", "apt/cache", "debs", "debian13"] {
        std::fs::create_dir_all(place.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    }
    let here = |name: &str| place.join(name).display().to_string();
    write(
        &place.join("apt/sources.list"),
        &format!("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} trixie main\n", debian::mirror()?),
    )?;
    write(&place.join("apt/status"), "")?;
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        for option in [
            format!("Dir::Etc::sourcelist={}", here("apt/sources.list")),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State={}", here("apt")),
            format!("Dir::State::status={}", here("apt/status")),
            format!("Dir::Cache={}", here("apt/cache")),
            "Acquire::Languages=none".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "APT::Sandbox::User=".into(),
        ] {
            apt.args(["-o", &option]);
        }
        must(apt.args(["-q", "-q"]).args(arguments).current_dir(place.join("debs")))
    };
    apt(&["update"])?;
    apt(&[&["download"], PYTHON_OF_DEBIAN_13].concat())?;
    for package in std::fs::read_dir(place.join("debs")).map_err(|error| error.to_string())?.flatten() {
        must(Command::new("dpkg-deb").arg("-x").arg(package.path()).arg(place.join("debian13")))?;
    }
    let mut launcher = String::from("#!/bin/sh\n# Python of Debian 13 under its own loader and C library.\n");
    let _ = write!(
        launcher,
        "usr='{}/usr'\nfor loader in \"$usr\"/lib*/ld-linux-*.so.*; do break; done\n\
         for c in \"$usr\"/lib/*/libc.so.6; do break; done\n\
         exec \"$loader\" --library-path \"${{c%/*}}\" --argv0 \"$usr/bin/python3\" \"$usr/bin/python3.13\" \"$@\"\n",
        here("debian13")
    );
    let python = place.join("debian13/usr/bin/python3");
    write(&python, &launcher)?;
    must(Command::new("chmod").arg("+x").arg(&python))?;
    let wheels = place.join("debian13/usr/share/python-wheels");
    let pip = std::fs::read_dir(wheels).map_err(|error| error.to_string())?.flatten().map(|entry| entry.path());
    let pip = pip.into_iter().find(|path| path.to_string_lossy().contains("/pip-")).ok_or("no pip in Debian 13")?;
    let mut install = Command::new(&python);
    install.args(PIP).args(["install", "--root-user-action=ignore", "--only-binary=:all:", "--no-compile"]);
    install.arg("--target").arg(place.join("site"));
    install.args(["--requirement", "tests/clients/suites/pkcs11-check.txt"]).env("PYTHONPATH", pip);
    must(&mut install)?;
    for folder in ["apt", "debs"] {
        let _ = std::fs::remove_dir_all(place.join(folder));
    }
    Ok(())
}

const PYTHON_OF_DEBIAN_13: &[&str] = &[
    "python3.13",
    "python3.13-minimal",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "python3-pip-whl",
    "libc6",
    "libbz2-1.0",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    "libsqlite3-0",
    "libssl3t64",
    "libstdc++6",
    "libuuid1",
    "libzstd1",
    "zlib1g",
];

/// The tests that crate cryptoki publishes, beside a `common` of ours that takes a token as it is: theirs creates one.
fn cryptoki_suite(place: &Path) -> Done {
    let metadata = cargo().args(["metadata", "--locked", "--format-version", "1"]).output();
    let metadata = metadata.map_err(|error| error.to_string())?.stdout;
    let metadata = String::from_utf8_lossy(&metadata);
    let manifest = metadata
        .split('"')
        .find(|text| text.contains("/cryptoki-0.") && text.ends_with("/Cargo.toml"))
        .ok_or("crate cryptoki is not among the dependencies")?;
    let published = Path::new(manifest).with_file_name("tests");
    for folder in ["tests/common", "src"] {
        std::fs::create_dir_all(place.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    }
    write(&place.join("src/lib.rs"), "")?;
    write(&place.join("tests/basic.rs"), &read(&published.join("basic.rs"))?)?;
    let suites = root().join("tests/clients/suites");
    write(&place.join("tests/common/mod.rs"), &read(&suites.join("cryptoki_common.rs"))?)?;
    write(&place.join("Cargo.toml"), &read(&suites.join("cryptoki.toml"))?)?;
    write(&place.join("Cargo.lock"), &read(&suites.join("cryptoki.lock"))?)?;
    let mut build = cargo();
    build.args(["test", "--quiet", "--locked", "--no-run", "--test", "basic"]).current_dir(place);
    must(build.env("CARGO_TARGET_DIR", place.join("target")).env("CARGO_PROFILE_TEST_DEBUG", "false"))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Done {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_pins_is_there_and_a_foreign_word_names_no_client() {
        for bundle in BUNDLES {
            assert!(bundle.pinned().is_ok_and(|pins| !pins.is_empty()), "{}", bundle.folder);
        }
        assert_eq!(has("no-such-client"), None);
    }

    #[test]
    fn a_pin_is_found_by_the_packages_name() {
        let line = pin("tests/clients/python/requirements.txt", "python-pkcs11").unwrap_or_default();
        assert!(line.starts_with("python-pkcs11=="), "{line}");
        assert!(pin("tests/clients/python/requirements.txt", "pkcs11").is_err());
    }
}
