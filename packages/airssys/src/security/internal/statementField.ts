import * as Schema from "effect/Schema"

export const digestPattern = /^sha256:[0-9a-f]{64}$/

/** `sha256:` and 64 lower-case hex digits. */
export const Digest = Schema.String.check(Schema.isPattern(digestPattern))

/** Milliseconds since the epoch, before the year 10000. */
export const Time = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 253_402_300_799_999 }))
