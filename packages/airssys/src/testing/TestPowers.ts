/**
 * Powers for tests: what they reach is in memory, and they succeed, fail or
 * take their time as the test says.
 *
 * Only what is outside is replaced. A fake is asked through the enforcer like
 * any other source: it gives nothing that was not granted, it is recorded in the
 * audit log, and it ends with its grant. Delays are those of Effect's `Clock`,
 * so that `TestClock` drives them.
 *
 * @since 0.1.0
 */
import { make as makeRandom } from "effect/crypto/SecureRandom"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileError from "../security/FileError.ts"
import type * as HttpAccess from "../security/HttpAccess.ts"
import * as HttpError from "../security/HttpError.ts"
import type { StorageError } from "../security/KeyValue.ts"
import { NetworkResolve, NotResolved } from "../security/NetworkResolve.ts"
import * as Powers from "../security/Powers.ts"
import { type Output, ProcessError, type ProcessReason, ProcessSpawn } from "../security/ProcessSpawn.ts"
import * as Random from "../security/Random.ts"
import { Desk } from "./internal/desk.ts"
import { FakeFiles } from "./internal/fakeFiles.ts"
import * as fakeHttp from "./internal/fakeHttp.ts"
import * as fakeProcess from "./internal/fakeProcess.ts"
import * as fakeStorage from "./internal/fakeStorage.ts"
import { seeded } from "./internal/seeded.ts"

/**
 * The kinds that have a fake, and what each may fail with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failures {
  readonly "filesystem.read": FileError.Reason
  readonly "filesystem.write": FileError.Reason
  readonly "network.outbound": HttpError.Reason
  readonly "network.resolve": "NotResolved"
  readonly "process.spawn": ProcessReason
  readonly "random": never
  readonly "storage.read": StorageError["reason"]
  readonly "storage.write": StorageError["reason"]
}

/**
 * @category models
 * @since 0.1.0
 */
export type Kind = keyof Failures

/**
 * How one use of a power ends: later by `after`, and with a failure or, where
 * there is none, as the fake ends it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome<out Failure> {
  readonly after?: Duration.Input | undefined
  readonly fail?: Failure | undefined
}

/**
 * One use that was allowed. What was denied is in the audit log.
 *
 * @category models
 * @since 0.1.0
 */
export interface Asked {
  readonly kind: Kind
  /** Id of the principal. */
  readonly principal: string
  readonly resource: string
  /** The member of the power, such as `read`; for HTTP the method and path, `GET /v1/rates`. */
  readonly operation: string
}

/**
 * What a host answers to one request. Default: status 200, no headers, no body.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply {
  readonly status?: number | undefined
  readonly headers?: HttpAccess.Headers | undefined
  readonly body?: string | Uint8Array | undefined
}

/**
 * A request as a route sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arrived {
  readonly method: HttpAccess.Method
  /** With the query. */
  readonly path: string
  readonly headers: HttpAccess.Headers
  readonly body: Uint8Array
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Files by their resource, `inbox:/rates.csv`. The roots of their names are there, and any folder on the way. */
  readonly files?: Readonly<Record<string, string | Uint8Array>> | undefined
  /**
   * What is answered to `GET https://api.example.com/v1/rates`; the query is
   * not part of the name. Anything else is answered with status 404.
   */
  readonly routes?: Readonly<Record<string, Reply | ((request: Arrived) => Reply)>> | undefined
  /** Addresses by host name. */
  readonly addresses?: Readonly<Record<string, ReadonlyArray<string>>> | undefined
  /** What programs do, by the program and its arguments as `Pattern.command` writes them. */
  readonly programs?: Readonly<Record<string, Partial<Output>>> | undefined
  /** Of the random bytes; default 0. */
  readonly seed?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface TestPowers {
  /** To be given to `Powers.layer`, or to `TestComponents.layer`. */
  readonly sources: ReadonlyArray<Powers.Source>
  /** The uses so far, in their order. */
  readonly asked: Effect.Effect<ReadonlyArray<Asked>>
  /** The next uses of a kind end so, each once and in this order. */
  readonly next: <K extends Kind>(kind: K, ...outcomes: ReadonlyArray<Outcome<Failures[K]>>) => Effect.Effect<void>
  /** Every use of a kind ends so that has no outcome of `next`, until it is said anew. */
  readonly always: <K extends Kind>(kind: K, outcome: Outcome<Failures[K]> | undefined) => Effect.Effect<void>
  /** What is in a file now; undefined where there is none. */
  readonly file: (resource: string) => Effect.Effect<Uint8Array | undefined>
}

/** What a power of this kind fails with. */
const failure = (kind: Kind, resource: string, reason: string): Effect.Effect<never, Error> => {
  switch (kind) {
    case "filesystem.read":
    case "filesystem.write":
      return Effect.fail(new FileError.FileError({ resource, reason: reason as FileError.Reason }))
    case "network.outbound":
      return Effect.fail(new HttpError.HttpError({ resource, reason: reason as HttpError.Reason }))
    case "network.resolve":
      return Effect.fail(new NotResolved({ host: resource }))
    case "process.spawn":
      return Effect.fail(new ProcessError({ resource, reason: reason as ProcessReason }))
    case "storage.read":
    case "storage.write":
      return Effect.fail(fakeStorage.failure(resource, reason as StorageError["reason"]))
    case "random":
      return Effect.die(new Error("random bytes never fail"))
  }
}

/**
 * Makes powers over files, hosts, programs and a store of their own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<TestPowers> =>
  Effect.gen(function*() {
    const desk = new Desk<Kind>(failure)
    const files = new FakeFiles(options.files ?? {})
    const numbers = seeded(options.seed ?? 0, 0)
    const random = makeRandom((size) => Uint8Array.from({ length: size }, () => numbers.below(256)))
    const addresses = new Map(Object.entries(options.addresses ?? {}))
    const store = yield* fakeStorage.make(desk)
    return {
      sources: [
        ...files.sources(desk),
        fakeHttp.source(desk, new Map(Object.entries(options.routes ?? {}))),
        Powers.source(NetworkResolve, (lease) => ({
          addresses: desk.use(lease, "addresses", () => {
            const found = addresses.get(lease.resource)
            return found === undefined ? Effect.fail(new NotResolved({ host: lease.resource })) : Effect.succeed(found)
          })
        })),
        Powers.source(ProcessSpawn, fakeProcess.make(desk, new Map(Object.entries(options.programs ?? {})))),
        Powers.source(Random.Random, (lease) => ({
          bytes: (size) => desk.use(lease, "bytes", () => random.randomBytes(size))
        })),
        ...store
      ],
      asked: Effect.sync(() => desk.asked.slice()),
      next: (kind, ...outcomes) => Effect.sync(() => desk.next(kind, outcomes)),
      always: (kind, outcome) => Effect.sync(() => desk.always(kind, outcome)),
      file: (resource) => Effect.sync(() => files.content(resource))
    }
  })
