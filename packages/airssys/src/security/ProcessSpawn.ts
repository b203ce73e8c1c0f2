/**
 * The capability to run one program with one list of arguments.
 *
 * A program is named as the host knows it; what runs under that name is for the
 * host to say. It gets no shell, no environment and no open file of the host but
 * what its source gives it.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as SafeText from "./SafeText.ts"

const sentences = {
  NotFound: "this host has no such program",
  Failed: "it could not be started, or its input or output broke",
  TooLarge: "its output is larger than the limit"
} as const

/**
 * @category models
 * @since 0.1.0
 */
export type ProcessReason = keyof typeof sentences

/**
 * Why a program did not run that was allowed. What the system said is in
 * `cause`: it is for operators and does not go to guests.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProcessError extends Schema.TaggedError<ProcessError>("airssys/security/ProcessSpawn/ProcessError")(
  "ProcessError",
  {
    /** The program and its arguments, as `Pattern.command` writes them. */
    resource: Schema.String,
    reason: Schema.Literals(Object.keys(sentences) as Array<ProcessReason>),
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    return `${SafeText.escape(this.resource)}: ${sentences[this.reason]}`
  }
}

type Failure = CapabilityError | ProcessError

/**
 * A program that runs. It is ended, with all that it started, when its scope
 * closes or when it is not allowed any more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Child {
  /** What it writes, as fast as it is read. Each stream is read once. */
  readonly stdout: Stream.Stream<Uint8Array, Failure>
  readonly stderr: Stream.Stream<Uint8Array, Failure>
  /** Waits for its end: the code that it gave, or `Failed` where a signal ended it. */
  readonly exitCode: Effect.Effect<number, Failure>
}

/**
 * What a program wrote until its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Output {
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What it reads from its standard input, which then ends. Nothing by default. */
  readonly stdin?: Uint8Array | undefined
}

/**
 * Power to run the program and arguments that were named in
 * `ProcessSpawn.on(Pattern.command(program, args))`.
 *
 * @category services
 * @since 0.1.0
 */
export class ProcessSpawn extends Capability.Service<ProcessSpawn, {
  /** Starts it; it is ended with the scope. */
  readonly spawn: (options?: Options) => Effect.Effect<Child, Failure, Scope.Scope>
  /** Runs it to its end. Each of its outputs has at most `maxBytes`, default 1 MiB. */
  readonly run: (
    options?: Options & { readonly maxBytes?: number | undefined }
  ) => Effect.Effect<Output, Failure>
}>()("process.spawn") {}
