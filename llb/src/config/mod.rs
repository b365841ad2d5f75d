//! The TOML configuration: schema, spans, merge of `[images.X]` over the rest.
