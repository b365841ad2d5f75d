//! Tests of gosrc.
