//! Ed25519 keys on disk: PKCS#8 and SPKI PEM.
