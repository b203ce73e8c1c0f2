/**
 * Why a component could not be loaded, instantiated or called.
 *
 * `LoadError` and `InstantiateError` speak about a component before it runs;
 * `ComponentError` is what the sender of a message gets when the call did not
 * come back with a value of the export's own type. A typed `result` error of
 * the guest is never one of these.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { QuotaExceeded } from "../security/Quota.ts"

/**
 * Why a running guest was stopped, as `airssys` classifies it.
 *
 * @category models
 * @since 0.1.0
 */
export const TrapCategory = Schema.Literals([
  "Unreachable",
  "MemoryOutOfBounds",
  "TableOutOfBounds",
  "BadIndirectCall",
  "IntegerOverflow",
  "DivisionByZero",
  "BadConversion",
  "StackOverflow",
  "OutOfFuel",
  "Deadline",
  "Cancelled",
  "Denied",
  "Revoked",
  "HostFailure",
  "InvalidValue",
  "InvalidCall",
  "UncaughtException",
  "Other"
])

/**
 * @category models
 * @since 0.1.0
 */
export type TrapCategory = typeof TrapCategory.Type

/**
 * The bytes are no component this engine can run. `offset` is the byte
 * position in the input where that is known.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoadError extends Schema.TaggedError<LoadError>("airssys/component/LoadError")("LoadError", {
  reason: Schema.Literals(["Malformed", "Refused", "TooLarge", "EngineFailed"]),
  detail: Schema.String,
  offset: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.offset === undefined ? this.detail : `${this.detail} (at byte ${this.offset})`
  }
}

/**
 * The component is well-formed, but cannot be instantiated as asked:
 * an import is missing, a limit cannot be kept by this engine in this tier, a
 * memory's minimum is above the limit, or a start function failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class InstantiateError extends Schema.TaggedError<InstantiateError>("airssys/component/InstantiateError")(
  "InstantiateError",
  {
    reason: Schema.Literals(["MissingImports", "LimitUnsupported", "MemoryLimit", "StartFailed", "Refused"]),
    detail: Schema.String,
    missing: Schema.optionalKey(Schema.Array(Schema.String))
  }
) {
  override get message(): string {
    return this.detail
  }
}

/**
 * A call that did not return a value of the export's type.
 *
 * @category errors
 * @since 0.1.0
 */
export class ComponentError extends Schema.TaggedError<ComponentError>("airssys/component/ComponentError")(
  "ComponentError",
  {
    /** `namespace:name`, or the digest where no name is known. */
    component: Schema.String,
    /** The export that was called, e.g. `rates.latest`. */
    export: Schema.String,
    reason: Schema.TaggedUnion({
      /** The guest was stopped; its instance is gone. */
      Trap: { category: TrapCategory },
      /** The time limit of the message, in milliseconds, was over; the instance is gone. */
      DeadlineExceeded: { limitMillis: Schema.Number },
      /** The instance was lost by an earlier failure and is not callable. */
      Poisoned: {},
      /** The component is between a failure and its restart. */
      Restarting: {},
      /** Its mailbox is full, or the engine has as many calls as it may. The component did not see it. */
      Busy: {},
      /** The component was stopped, or gave up restarting. */
      Stopped: {},
      /** The arguments do not have the types of the export. */
      BadArgument: { path: Schema.String },
      /** The component has no such export. */
      NoSuchExport: {},
      /** A call was made while another one runs in the same instance. */
      ReEntered: {},
      /** A quota of the component, or of the tenant of the message, is used up. The component did not see it. */
      QuotaExceeded: { exceeded: QuotaExceeded }
    }),
    detail: Schema.String,
    /** The capabilities denied during this call, as `capability resource`. */
    denials: Schema.Array(Schema.String),
    /** What the call had cost when it was stopped, where that was measured. */
    receipt: Schema.optionalKey(Schema.Struct({
      fuel: Schema.UndefinedOr(Schema.Number),
      costTable: Schema.UndefinedOr(Schema.Number),
      memory: Schema.Number,
      nanos: Schema.BigInt
    })),
    /** What the host failed with, where the guest was not to blame. */
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    const denied = this.denials.length === 0 ? "" : `; denied: ${this.denials.join(", ")}`
    return `${this.component} ${this.export}: ${this.detail}${denied}`
  }
}
