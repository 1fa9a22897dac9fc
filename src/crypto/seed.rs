//! This file is the SEED block cipher (RFC 4269).
