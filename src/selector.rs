//! This file names a certificate or a medium as a user types it: part of a name, `serial:HEX`, `sha256:HEX`, a
//! `pkcs11:` URI (RFC 7512).
