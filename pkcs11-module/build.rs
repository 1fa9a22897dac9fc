//! Says how the shared library is linked.

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[allow(clippy::disallowed_methods)]
    let unix_linker = std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|os| os == "linux" || os == "freebsd");
    if unix_linker {
        // AWS-LC has destructors that the C library calls at exit: unloading the code before would crash the host.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
