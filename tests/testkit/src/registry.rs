//! An npm registry on loopback, with faults on demand.
