//! gowork as a BuildKit frontend.
