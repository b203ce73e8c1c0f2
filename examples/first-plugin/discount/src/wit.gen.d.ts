// Generated from acme:discount/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Discounts by code.
 */
declare module "acme:discount/discount@1.0.0" {
  /**
   * Why a code gives no discount.
   */
  export type CodeError =
    /**
     * Nobody issued this code. The text is the code as it was asked.
     */
    | { readonly tag: "unknown-code"; readonly val: string }
    /**
     * The code was good until this day.
     */
    | { readonly tag: "ended"; readonly val: string }

  /**
   * Discounts by code.
   */
  export interface Discount {
    /**
     * Percent off the price.
     * @throws CodeError
     */
    percent(code: string): number
  }
}

/**
 * The time. Capability: `clock`.
 */
declare module "airssys:core/clock@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error

  /**
   * A point in time since 1970-01-01T00:00:00Z, without leap seconds.
   */
  export interface Datetime {
    readonly seconds: number
    /**
     * 0 to 999,999,999.
     */
    readonly nanoseconds: number
  }

  /**
   * The time of day. It may be set back between two calls.
   * @throws Error
   */
  export function now(): Datetime

  /**
   * Nanoseconds since a fixed point before this instance started. Never goes
   * back; comparable within one instance only.
   * @throws Error
   */
  export function monotonic(): number
}

/**
 * Structured log lines. Capability: `log`.
 *
 * The host adds component, version, message and time; a guest cannot set them.
 */
declare module "airssys:core/log@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error

  /**
   * How important a line is, from least to most.
   */
  export type Level =
    /**
     * Steps inside one operation.
     */
    | "trace"
    /**
     * What a developer wants to know.
     */
    | "debug"
    /**
     * What happened.
     */
    | "info"
    /**
     * What somebody ought to look at.
     */
    | "warn"
    /**
     * What went wrong.
     */
    | "error"

  /**
   * The value of a field.
   */
  export type Value =
    | { readonly tag: "text"; readonly val: string }
    | { readonly tag: "integer"; readonly val: number }
    | { readonly tag: "number"; readonly val: number }
    | { readonly tag: "boolean"; readonly val: boolean }

  /**
   * One named value of a line.
   */
  export interface Field {
    /**
     * At most 64 characters. Of two fields with one key the last counts.
     */
    readonly key: string
    readonly value: Value
  }

  /**
   * Writes one line. Control characters are escaped by the host; a line above
   * 8 KiB is cut and marked.
   * @throws Error
   */
  export function write(level: Level, message: string, context: ReadonlyArray<Field>): void

  /**
   * Whether lines of this level are kept, so that a guest can spare the work
   * of writing them. False without the capability.
   */
  export function enabled(level: Level): boolean
}

/**
 * Types that several interfaces of this package share.
 */
declare module "airssys:core/types@0.1.0" {
  /**
   * Why a host function did not do what it was asked to do.
   *
   * Guests may use the same variant in their own exports: an `access-denied`
   * that a guest does not catch then becomes the error of its export.
   */
  export type Error =
    /**
     * The component holds no authority for this. Nothing more is said here on
     * purpose; the host's audit log has the rule and the remedy.
     */
    | { readonly tag: "access-denied" }
    /**
     * An argument is malformed. The text names it and the rule it breaks.
     */
    | { readonly tag: "invalid-argument"; readonly val: string }
    /**
     * There is no component, topic or name like this.
     */
    | { readonly tag: "not-found" }
    /**
     * No answer came within the time that was given.
     */
    | { readonly tag: "timed-out" }
    /**
     * A quota is used up, a mailbox is full, or a payload is too large.
     */
    | { readonly tag: "exhausted" }
    /**
     * The host cannot do this at present. Trying again later may succeed.
     */
    | { readonly tag: "unavailable" }
    /**
     * The operation was tried and failed. The text is for people.
     */
    | { readonly tag: "failed"; readonly val: string }

  /**
   * A component by name, without a version: the host decides which release
   * answers to it.
   */
  export interface ComponentId {
    /**
     * Kebab-case, for example `acme`.
     */
    readonly namespace: string
    /**
     * Kebab-case, for example `rates`.
     */
    readonly name: string
  }

  /**
   * Identifies one message in the host's log, audit and receipts. Opaque text
   * of at most 64 ASCII characters.
   */
  export type MessageId = string

  /**
   * A length of time in milliseconds.
   */
  export type Milliseconds = number

  /**
   * Who sent a message.
   */
  export type Sender =
    /**
     * The program that hosts this component.
     */
    | { readonly tag: "host" }
    /**
     * A person or tool that operates the host.
     */
    | { readonly tag: "operator" }
    /**
     * Another component.
     */
    | { readonly tag: "component"; readonly val: ComponentId }

  /**
   * How the bytes of a payload are to be read. The host checks that both ends
   * agree and never translates.
   */
  export type Codec =
    /**
     * CBOR, multicodec 0x51.
     */
    | "cbor"
    /**
     * JSON in UTF-8, multicodec 0x0200.
     */
    | "json"
    /**
     * Borsh, multicodec 0x0701.
     */
    | "borsh"

  /**
   * What a message carries. At most 1 MiB unless the host allows more.
   */
  export interface Payload {
    readonly codec: Codec
    readonly bytes: Uint8Array
  }
}

declare module "acme:discount/plugin@1.0.0" {
  export type { CodeError, Discount } from "acme:discount/discount@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly discount: import("acme:discount/discount@1.0.0").Discount
  }
}
