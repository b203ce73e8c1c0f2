/**
 * The version of this package. It belongs into keys of caches: whatever changes
 * what the engine generates comes with another one.
 */
export const version = "0.1.0"
