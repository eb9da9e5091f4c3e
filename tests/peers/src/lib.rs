//! Nothing: the cross-checks are in `tests/`.
