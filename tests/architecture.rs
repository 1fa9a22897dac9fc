//! This file fails when a part of the library uses a part that it must not know, or when a guarded thing (unsafe, a
//! secret's bytes, the environment, printing, a `CK_` type) leaves its place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Who may use whom: part → parts. A part is a top-level module of the library.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &["medium"]),
    ("secret", &[]),
    ("mechanism", &[]),
    ("pin", &["secret"]),
    ("medium", &["error"]),
    ("config", &["error", "medium"]),
    ("certificate", &["error", "medium"]),
    ("credential", &["certificate", "error", "medium", "secret"]),
    ("selector", &["certificate", "credential", "error", "medium"]),
    ("crypto", &["certificate", "credential", "error", "mechanism", "pin", "secret"]),
    ("npki", &["certificate", "credential", "crypto", "error", "mechanism", "pin", "secret"]),
    ("token", &["certificate", "credential", "error", "mechanism", "medium", "pin", "secret"]),
    (
        "storage",
        &[
            "certificate",
            "config",
            "credential",
            "crypto",
            "error",
            "mechanism",
            "medium",
            "npki",
            "pin",
            "secret",
            "token",
        ],
    ),
    (
        "driver",
        &[
            "certificate",
            "config",
            "credential",
            "crypto",
            "error",
            "mechanism",
            "medium",
            "npki",
            "pin",
            "proof",
            "secret",
            "storage",
            "token",
        ],
    ),
    ("watch", &["error", "medium"]),
    ("keystore", &["config", "driver", "error", "medium", "token"]),
    ("view", &["certificate", "config", "credential", "driver", "error", "keystore", "medium", "pin", "token"]),
    ("proof", &["certificate", "credential", "crypto", "error", "mechanism", "token"]),
    ("csr", &["certificate", "crypto", "error", "mechanism", "token"]),
    (
        "transfer",
        &[
            "certificate",
            "credential",
            "crypto",
            "error",
            "keystore",
            "mechanism",
            "medium",
            "npki",
            "pin",
            "proof",
            "secret",
            "token",
        ],
    ),
    (
        "sample",
        &["certificate", "config", "credential", "crypto", "error", "mechanism", "npki", "pin", "secret", "storage"],
    ),
];

/// Files that may look at the bytes of a secret, and why.
const EXPOSERS: &[&str] = &[
    "src/crypto/",                   // computes with them
    "src/npki/",                     // reads and writes them in their formats
    "src/storage/soft_import.rs",    // hands the content of a key file on to another medium
    "src/storage/soft_token.rs",     // remembers the PIN until logout
    "src/storage/soft_admin.rs",     // goes on with the new PIN after a change
    "src/driver/pkcs11/login.rs",    // sends the PIN to the token
    "src/driver/pkcs11/key.rs",      // sends it again for a key that asks each time
    "src/driver/pkcs11/token.rs",    // takes R out of its data object
    "src/driver/pkcs11/pair.rs",     // what an import writes to a token
    "src/driver/pkcs11/template.rs", // R as a data object
    "src/driver/pkcs11/writer.rs",   // compares R with what was stored
    "src/driver/pkcs11/exporter.rs", // what leaves a token
    "src/driver/pkcs11/officer.rs",  // sends PINs
    "src/proof.rs",                  // compares what a test ciphertext opens to
    "src/transfer.rs",               // compares R of two media
    "src/sample",                    // seals the keys of a test set
    "src/cli/vid.rs",                // prints R when it was asked for
    "src/cli/sample.rs",             // seals a test set with the password that was given
    "src/view/one.rs",               // remembers the PIN for media that come later
    "src/cli/secret.rs",             // hands a password on
    "src/cli/new_password.rs",       // holds a new password to the rules
    "pkcs11-module/src/functions/",  // R as CKA_VALUE and decrypted plaintext, to the caller's buffer
    "pkcs11-module/src/attribute",
    "pkcs11-module/src/object",
    "pkcs11-module/src/session_object", // keys and secrets that an application brought
    "pkcs11-module/src/pending.rs",     // puts R into the key's attributes
    "pkcs11-module/src/abi/",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, as (path from the repository's root, text).
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The module path of a file: `src/npki/vid.rs` → `[npki, vid]`.
fn module_path(file: &str) -> Vec<String> {
    let parts = file.trim_start_matches("src/").trim_end_matches(".rs").split('/');
    parts.filter(|part| !matches!(*part, "mod" | "lib" | "main")).map(str::to_owned).collect()
}

/// Collects the top-level modules that a file reaches by any path: `use`, inline, or inside a macro.
struct Reached {
    module: Vec<String>,
    parts: BTreeSet<String>,
}

impl Reached {
    /// Resolves a path that starts with `crate`, `self` or `super`; what it names at the top level is reached.
    fn resolve(&mut self, segments: &[String]) {
        let mut at = match segments.first().map(String::as_str) {
            Some("crate" | "ingam") => Vec::new(),
            Some("self" | "super") => self.module.clone(),
            _ => return,
        };
        for segment in segments {
            match segment.as_str() {
                "crate" | "ingam" | "self" => {}
                "super" => drop(at.pop()),
                name => at.push(name.to_owned()),
            }
        }
        self.parts.extend(at.into_iter().next());
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
                prefix.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(item, prefix)),
            syn::UseTree::Name(name) => self.resolve(&[prefix.as_slice(), &[name.ident.to_string()]].concat()),
            syn::UseTree::Rename(name) => self.resolve(&[prefix.as_slice(), &[name.ident.to_string()]].concat()),
            syn::UseTree::Glob(_) => self.resolve(prefix),
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' => continue,
                other => {
                    self.resolve(&std::mem::take(&mut path));
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.resolve(&path);
    }
}

impl<'ast> Visit<'ast> for Reached {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &mut Vec::new());
    }
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.resolve(&segments);
        }
        syn::visit::visit_path(self, path);
    }
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

/// The wrong arrows of one file.
fn wrong_arrows(file: &str, text: &str) -> Vec<String> {
    let module = module_path(file);
    let Some(own) = module.first().cloned() else { return Vec::new() };
    if own == "cli" {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(part, _)| *part == own) else {
        return vec![format!("{file}: the part `{own}` stands in no arrow; add it to ARROWS and docs/ARCHITECTURE.md")];
    };
    let mut reached = Reached { module, parts: BTreeSet::new() };
    reached.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}")));
    let known = |part: &String| part == "cli" || ARROWS.iter().any(|(name, _)| name == part);
    // `crate::Error` and `crate::Result` are names of the part `error`, which everybody may use.
    let wrong = |part: &String| known(part) && *part != own && !allowed.contains(&part.as_str());
    reached.parts.iter().filter(|part| wrong(part)).map(|part| format!("{file}: {own} → {part}")).collect()
}

/// The text without its tests and comments.
fn shipped(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn all_shipped() -> Vec<(String, String)> {
    let mut files = sources("src");
    files.extend(sources("pkcs11-module/src"));
    files
}

#[test]
fn every_arrow_between_parts_is_allowed() {
    let wrong: Vec<String> = sources("src").iter().flat_map(|(file, text)| wrong_arrows(file, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_planted_wrong_arrow_is_found_however_it_is_written() {
    let planted = [
        "use crate::storage::Storage;",
        "use crate::{error::Error, storage::Storage};",
        "fn f() { crate::storage::escaped(x) }",
        "fn f() { println!(\"{}\", crate::storage::escaped(x)) }",
        "use super::super::storage::Storage;",
        "mod inner { use super::super::super::storage as s; }",
        "fn f(x: Box<dyn crate::storage::Storage>) {}",
        "use crate::cli::output;",
    ];
    for text in planted {
        assert!(!wrong_arrows("src/npki/vid.rs", text).is_empty(), "not found: {text}");
    }
    assert_eq!(wrong_arrows("src/npki/vid.rs", "use crate::crypto::Hasher; use super::policy;"), [] as [String; 0]);
    assert!(!wrong_arrows("src/novel.rs", "").is_empty(), "a part without arrows must be found");
}

#[test]
fn drivers_do_not_know_each_other() {
    let names: Vec<String> =
        sources("src/driver").iter().filter_map(|(file, _)| module_path(file).get(1).cloned()).collect();
    for (file, text) in sources("src/driver") {
        let module = module_path(&file);
        let Some(own) = module.get(1) else { continue };
        for other in names.iter().filter(|other| *other != own) {
            assert!(!text.contains(&format!("driver::{other}")), "{file} knows the driver {other}");
            assert!(!text.contains(&format!("super::{other}")), "{file} knows the driver {other}");
        }
    }
}

#[test]
fn unsafe_code_stands_in_the_modules_abi_only_and_says_why() {
    for (file, text) in all_shipped() {
        let blocks = text.lines().enumerate().filter(|(_, line)| {
            let code = line.split("//").next().unwrap_or_default();
            ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"].iter().any(|word| code.contains(word))
        });
        for (number, line) in blocks {
            assert!(file.starts_with("pkcs11-module/src/abi/"), "{file}:{}: {line}", number + 1);
        }
    }
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let program = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(library.contains("#![forbid(unsafe_code)]") && program.contains("#![forbid(unsafe_code)]"));
}

#[test]
fn only_named_files_look_at_the_bytes_of_a_secret() {
    for (file, text) in all_shipped() {
        let exposes =
            shipped(&text).contains(".expose()") && !matches!(file.as_str(), "src/pin.rs" | "src/credential.rs");
        let named = EXPOSERS.iter().any(|exposer| file.starts_with(exposer));
        assert!(!exposes || named, "{file} exposes a secret and is not in EXPOSERS");
    }
}

#[test]
fn the_environment_is_read_in_one_file_of_the_library_and_nothing_is_printed() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!(", "dbg!(", "stdout()", "stderr()"];
    for (file, text) in all_shipped() {
        let code = shipped(&text);
        if file.starts_with("src/cli/") || file == "src/main.rs" {
            continue;
        }
        if file != "src/config.rs" {
            assert!(!code.contains("env::var"), "{file} reads the environment");
        }
        for word in printing {
            assert!(!code.contains(word), "{file} prints: {word}");
        }
    }
}

#[test]
fn no_pkcs11_type_stands_outside_the_module() {
    for (file, text) in sources("src") {
        let code = shipped(&text);
        for word in ["CK_", "CKR_", "CKA_VALUE,", "CKM_", "cryptoki"] {
            let there = code.lines().any(|line| line.split("//").next().unwrap_or_default().contains(word));
            let allowed = file.starts_with("src/driver/pkcs11") || file.starts_with("src/cli/");
            assert!(!there || allowed, "{file} contains {word}");
        }
    }
}

#[test]
fn parsers_do_no_input_or_output() {
    for (file, text) in sources("src/npki").into_iter().chain(sources("src/crypto")) {
        for word in ["std::fs", "std::net", "std::process", "File::"] {
            assert!(!shipped(&text).contains(word), "{file} does I/O: {word}");
        }
    }
}

#[test]
fn every_file_says_in_its_first_line_what_it_is() {
    for (file, text) in all_shipped() {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 20, "{file}: {first}");
    }
}

#[test]
fn every_profile_unwinds_so_that_a_panic_does_not_end_the_host() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("panic = \"unwind\"").count(), 2);
    assert!(!manifest.contains("\"abort\""));
}
