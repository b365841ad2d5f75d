//! Tests of gosrc, most of them against the go command.

mod constraint;
mod embed;
mod go;
mod header;
mod importdir;
mod selection;
mod shape;
mod soup;
