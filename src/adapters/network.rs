//! The network, as a value: who may not use it does not hold one.
