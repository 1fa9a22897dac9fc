//! `osslsigncode`, which signs Windows programs (Authenticode), through OpenSSL's engine.

use crate::place::{Place, module};

/// The smallest 64-bit Windows program that says all that a loader needs: headers in one file block, code (a return) in the
/// next (Microsoft's PE format, sections "MS-DOS Stub" to "Section Table").
fn program() -> Vec<u8> {
    const BLOCK: u32 = 0x200;
    const PAGE: u32 = 0x1000;
    let mut pe = Vec::new();
    let words = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let dwords = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let qwords = |values: &[u64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();

    pe.extend(b"MZ");
    pe.resize(60, 0);
    pe.extend(dwords(&[64])); // where the signature "PE" stands
    pe.extend(b"PE\0\0");
    pe.extend(words(&[0x8664, 1])); // x64, one section
    pe.extend(dwords(&[0, 0, 0])); // no time, no symbols
    pe.extend(words(&[112 + 16 * 8, 0x22])); // length of the optional header; executable, large addresses

    pe.extend(words(&[0x20b, 0])); // PE32+
    pe.extend(dwords(&[BLOCK, 0, 0, PAGE, PAGE])); // sizes of code and data, entry point, base of code
    pe.extend(qwords(&[0x1_4000_0000])); // image base
    pe.extend(dwords(&[PAGE, BLOCK])); // alignments in memory and in the file
    pe.extend(words(&[6, 0, 0, 0, 6, 0])); // versions: system, image, subsystem
    pe.extend(dwords(&[0, 2 * PAGE, BLOCK, 0])); // sizes of image and headers, no checksum
    pe.extend(words(&[3, 0])); // console
    pe.extend(qwords(&[0x10_0000, 0x1000, 0x10_0000, 0x1000])); // stack and heap
    pe.extend(dwords(&[0, 16])); // number of directories, the fifth of which will hold the signature
    pe.extend([0; 16 * 8]);

    pe.extend(b".text\0\0\0");
    pe.extend(dwords(&[1, PAGE, BLOCK, BLOCK, 0, 0, 0, 0x6000_0020])); // code, executable, readable
    pe.resize(BLOCK as usize, 0);
    pe.push(0xc3);
    pe.resize(2 * BLOCK as usize, 0);
    pe
}

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl, pkcs11-engine and osslsigncode"]
fn osslsigncode_signs_a_windows_program_and_finds_a_changed_one() {
    let place = Place::new();
    std::fs::write(place.path("program.exe"), program()).unwrap();
    let key = format!("pkcs11:id={};type=private", place.id_in_uri());
    let sign = ["sign", "-pkcs11module", &module(), "-certs", place.variable("CERT_PEM"), "-key", &key];
    let files = ["-readpass", "password", "-h", "sha256", "-in", "program.exe", "-out", "signed.exe"];
    place.run("osslsigncode", &[&sign[..], &files].concat());

    place.run("sh", &["-c", "cat ca.pem root.pem >chain.pem"]);
    let said = place.run("osslsigncode", &["verify", "-CAfile", "chain.pem", "-in", "signed.exe"]);
    assert!(said.contains("Signature verification: ok"), "{said}");

    let mut changed = std::fs::read(place.path("signed.exe")).unwrap();
    changed[0x200] ^= 1;
    std::fs::write(place.path("changed.exe"), changed).unwrap();
    let said = place.refused("osslsigncode", &["verify", "-CAfile", "chain.pem", "-in", "changed.exe"]);
    assert!(said.contains("MISMATCH"), "{said}");
}
