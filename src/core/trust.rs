//! Trust material: `trusted_root.json` and the npm registry's keys.
