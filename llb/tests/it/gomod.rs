//! Tests of gomod.
