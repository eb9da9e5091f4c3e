//! TUF repositories, with rotations and faults on demand.
