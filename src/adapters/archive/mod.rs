//! The archive file: strict reader, deterministic writer.
