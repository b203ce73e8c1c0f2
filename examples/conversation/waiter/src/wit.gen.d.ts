// Generated from acme:waiter/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Takes orders, and asks the kitchen.
 */
declare module "acme:waiter/waiter@1.0.0" {
  /**
   * Why there is no answer, in words.
   */
  export type OrderError =
    | { readonly tag: "refused"; readonly val: string }

  /**
   * Takes orders, and asks the kitchen.
   */
  export interface Waiter {
    /**
     * What the kitchen says to a dish.
     * @throws OrderError
     */
    order(dish: string): string
    /**
     * The same of the bar, which this waiter may not talk to.
     * @throws OrderError
     */
    orderDrink(drink: string): string
  }
}

/**
 * Messages to other components. Capabilities: `messaging.send` on the
 * recipient, `messaging.publish` on the topic.
 *
 * The manifests of both sides name the codecs that they send and take; another
 * one is `invalid-argument`. A recipient that takes no messages of this sender
 * is `access-denied`, one that does not run or handles none `not-found`. A full
 * mailbox, a quota or a payload that is too large is `exhausted`.
 */
declare module "airssys:core/messaging@0.1.0" {
  export type ComponentId = import("airssys:core/types@0.1.0").ComponentId
  export type Error = import("airssys:core/types@0.1.0").Error
  export type MessageId = import("airssys:core/types@0.1.0").MessageId
  export type Milliseconds = import("airssys:core/types@0.1.0").Milliseconds
  export type Payload = import("airssys:core/types@0.1.0").Payload

  /**
   * Puts a message into the mailbox of a component and does not wait. The id
   * says that it was accepted, not that it was handled.
   * @throws Error
   */
  export function send(to: ComponentId, payload: Payload): MessageId

  /**
   * Sends a message and waits for the reply. `timed-out` when none came in
   * time; a later one is discarded. The wait counts against the time limit of
   * the message in whose course this is called, and is at most 5 minutes.
   * `unavailable` when the recipient waits for a reply of this component, itself
   * or through others. An error of the recipient is given as it is.
   * @throws Error
   */
  export function request(to: ComponentId, payload: Payload, timeout: Milliseconds): Payload

  /**
   * Gives a message to every subscriber of a topic, and waits for none of them.
   * Topics are labels joined by dots: `invoices.paid`.
   * @throws Error
   */
  export function publish(topic: string, payload: Payload): void
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

declare module "acme:waiter/plugin@1.0.0" {
  export type { OrderError, Waiter } from "acme:waiter/waiter@1.0.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly waiter: import("acme:waiter/waiter@1.0.0").Waiter
  }
}
