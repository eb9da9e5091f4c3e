//! TUF repositories and the trust store.
