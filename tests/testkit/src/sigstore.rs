//! A synthetic Sigstore instance: certificate authority, logs, timestamp authority, npm keys.
