// Generated from acme:counter/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Counts by name.
 */
declare module "acme:counter/counter@1.0.0" {
  export type CounterError =
    | { readonly tag: "access-denied" }
    | { readonly tag: "unavailable" }

  /**
   * Counts by name.
   */
  export interface Counter {
    /**
     * Adds to a count and gives the sum. What two callers add at the same time
     * is added twice.
     * @throws CounterError
     */
    add(name: string, by: number): number
  }
}

/**
 * Values by key, kept for this component alone, over its restarts and its
 * releases. Capabilities: `storage.read` and `storage.write` on the key.
 *
 * A key is segments between slashes, `rates/eur`: at most 512 characters, each
 * segment 1 to 255 visible ones, none of them `.` or `..`. A value has at most
 * 1 MiB. What is stored counts against a quota: for each entry its key, its
 * value and 64 bytes; beyond it a write is `exhausted`.
 */
declare module "airssys:core/storage@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error

  /**
   * The number of the change that wrote a value. A later change has a greater
   * one, and none comes twice.
   */
  export type Revision = number

  /**
   * A value as it is kept.
   */
  export interface Entry {
    readonly value: Uint8Array
    readonly revision: Revision
  }

  /**
   * A part of a list.
   */
  export interface Page {
    /**
     * In full, ascending by code points. May be fewer than asked for.
     */
    readonly keys: ReadonlyArray<string>
    /**
     * Gives the next part; none on the last. Opaque; stays good while others
     * write, and over restarts.
     */
    readonly cursor: string | null
  }

  /**
   * What a key has to be for a commit to be made.
   */
  export interface Expectation {
    readonly key: string
    /**
     * None: it has no value.
     */
    readonly revision: Revision | null
  }

  /**
   * A change of one key.
   */
  export interface Change {
    readonly key: string
    /**
     * None: its value is removed.
     */
    readonly value: Uint8Array | null
  }

  /**
   * What became of a commit.
   */
  export type Outcome =
    /**
     * It was made, and this is the revision of all that it wrote.
     */
    | { readonly tag: "committed"; readonly val: Revision }
    /**
     * Nothing was changed: this key is not what was expected.
     */
    | { readonly tag: "conflict"; readonly val: string }

  /**
   * How much this component stores.
   */
  export interface Amounts {
    readonly keys: number
    readonly bytes: number
    /**
     * None: as much as there is.
     */
    readonly limit: number | null
  }

  /**
   * The value of a key; none if it has no value.
   * @throws Error
   */
  export function get(key: string): Entry | null

  /**
   * Whether a key has a value.
   * @throws Error
   */
  export function exists(key: string): boolean

  /**
   * The keys at a prefix and below it that have a value and may be read:
   * `rates` gives `rates` and `rates/eur`, not `rates-old`. The prefix itself
   * has to be granted; the empty one gives all keys, and takes a grant of `**`.
   * At most `limit` keys, and at most 1,000; at least one if there is any. A key
   * that is there all the time is given once, whatever is written meanwhile.
   * @throws Error
   */
  export function listKeys(prefix: string, cursor: string | null, limit: number): Page

  /**
   * How much this component stores in all, for who may read this key; the empty
   * one stands for all keys, as in a list.
   * @throws Error
   */
  export function usage(key: string): Amounts

  /**
   * Gives a key a value. On the disk when it returns, where the host keeps
   * storage on a disk.
   * @throws Error
   */
  export function set(key: string, value: Uint8Array): Revision

  /**
   * Removes the value of a key; whether there was one.
   * @throws Error
   */
  function $delete(key: string): boolean
  export { $delete as delete }

  /**
   * Changes a key, or removes its value, if it is of this revision or, with
   * none, has no value. Needs `storage.write` alone: whether it is what was
   * expected is all that is told.
   * @throws Error
   */
  export function compareAndSet(key: string, expected: Revision | null, value: Uint8Array | null): Outcome

  /**
   * Makes all of the changes, if all is as expected, or none. At most 256
   * expectations and changes together and 4 MiB of values; each key is changed
   * once. Needs `storage.write` on each of the keys.
   * @throws Error
   */
  export function commit(expected: ReadonlyArray<Expectation>, changes: ReadonlyArray<Change>): Outcome
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

declare module "acme:counter/plugin@1.0.0" {
  export type { Counter, CounterError } from "acme:counter/counter@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly counter: import("acme:counter/counter@1.0.0").Counter
  }
}
