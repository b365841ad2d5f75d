// ÿş
module mÃ©ÿâ‚
// €
retract v1.0.0
