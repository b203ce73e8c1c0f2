import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AuditError } from "../AuditError.ts"
import type { Options } from "../AuditLog.ts"
import type { Quota } from "./auditQuota.ts"

/** The longest interval between writes, in milliseconds. */
const longestInterval = 50

/** Beyond this age of what waits behind a write nothing more is taken, in milliseconds: the most that a crash may lose. */
export const longestWait = 2000

/** Times are in milliseconds, sizes in bytes. */
export interface Settings {
  readonly capacity: number
  readonly flushEvery: number
  readonly quota: Quota
  readonly rotateBytes: number
  readonly rotateEvery: number
  readonly keepSegments: number
  readonly keepFor: number
  /** Whether checkpoints are signed, and how often. */
  readonly attests: boolean
  readonly attestEvery: number
}

const count = (
  name: string,
  value: number | undefined,
  otherwise: number,
  most: number
): Effect.Effect<number, AuditError> =>
  value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)
    ? Effect.succeed(value ?? otherwise)
    : Effect.fail(new AuditError({ reason: "InvalidOptions", detail: `${name} is ${value} and not 1 to ${most}` }))

const period = (name: string, value: Duration.Input | undefined, otherwise: number, most: number) => {
  const millis = value === undefined ? otherwise : Duration.toMillis(value)
  return millis > 0 && millis <= most
    ? Effect.succeed(millis)
    : Effect.fail(
      new AuditError({ reason: "InvalidOptions", detail: `${name} is ${millis} ms: more than 0 and at most ${most}` })
    )
}

const many = Number.MAX_SAFE_INTEGER
const ever = Number.POSITIVE_INFINITY

export const settings = (options: Options = {}): Effect.Effect<Settings, AuditError> =>
  Effect.all({
    capacity: count("capacity", options.capacity, 4096, 1_048_576),
    flushEvery: period("flushEvery", options.flushEvery, 20, longestInterval),
    quota: Effect.all({
      burst: count("quota.burst", options.quota?.burst, 8_388_608, many),
      bytesPerSecond: count("quota.bytesPerSecond", options.quota?.bytesPerSecond, 1_048_576, many)
    }),
    rotateBytes: count("rotate.bytes", options.rotate?.bytes, 67_108_864, many),
    rotateEvery: period("rotate.every", options.rotate?.every, ever, ever),
    keepSegments: count("retain.segments", options.retain?.segments, many, many),
    keepFor: period("retain.age", options.retain?.age, ever, ever),
    attests: options.checkpoints?.witnesses.length === 0
      ? Effect.fail(new AuditError({ reason: "InvalidOptions", detail: "checkpoints have no witness" }))
      : Effect.succeed(options.checkpoints !== undefined),
    attestEvery: period("checkpoints.every", options.checkpoints?.every, 60_000, 86_400_000)
  })
