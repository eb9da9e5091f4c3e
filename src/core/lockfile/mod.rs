//! Lockfiles, and the inventory of what they ask for.
