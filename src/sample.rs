//! This file makes a TEST CA and NPKI sets for trying out, for CI and for our own tests.
