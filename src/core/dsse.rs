//! DSSE envelopes (Dead Simple Signing Envelope, v1), as the archive uses them.
