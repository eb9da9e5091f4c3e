//! The TUF client workflow (specification §5), over `sigstore-tuf`'s rules.
