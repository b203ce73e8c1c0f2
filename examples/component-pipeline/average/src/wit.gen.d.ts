// Generated from acme:average/plugin@1.0.0 by airssys. Do not edit.
// dprint-ignore-file

/**
 * Start and end of an instance.
 */
declare module "airssys:core/lifecycle@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error
  export type Milliseconds = import("airssys:core/types@0.1.0").Milliseconds

  /**
   * One value from the host's configuration.
   */
  export interface Setting {
    readonly key: string
    readonly value: string
  }

  /**
   * What an instance may use, as the host decided.
   */
  export interface Limits {
    /**
     * Bytes of all memories together.
     */
    readonly memory: number
    /**
     * Fuel for each message, if it is metered.
     */
    readonly fuel: number | null
    /**
     * Time for each message, if it is limited.
     */
    readonly timeout: Milliseconds | null
  }

  /**
   * What an instance is started with. Secrets are not in it.
   */
  export interface Configuration {
    /**
     * In ascending order of keys.
     */
    readonly settings: ReadonlyArray<Setting>
    readonly limits: Limits
  }

  /**
   * Why an instance is asked to end.
   */
  export type ShutdownReason =
    /**
     * Its supervisor or an operator stops it.
     */
    | "stopped"
    /**
     * Another release takes its place.
     */
    | "replaced"
    /**
     * The host program ends.
     */
    | "host-exit"

  /**
   * Start and end of an instance.
   */
  export interface Lifecycle {
    /**
     * Called once, before any other export. An error makes the start fail.
     * @throws Error
     */
    init(configuration: Configuration): void
    /**
     * Called once, after the last message. Not called after a trap or a kill.
     * @throws Error
     */
    shutdown(reason: ShutdownReason): void
  }
}

/**
 * Messages from other components, operators and the host.
 */
declare module "airssys:core/message-handler@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error
  export type MessageId = import("airssys:core/types@0.1.0").MessageId
  export type Payload = import("airssys:core/types@0.1.0").Payload
  export type Sender = import("airssys:core/types@0.1.0").Sender

  /**
   * A message as it arrives.
   */
  export interface Message {
    readonly id: MessageId
    /**
     * Set by the host; a sender cannot choose it.
     */
    readonly sender: Sender
    /**
     * The topic, if it was published.
     */
    readonly topic: string | null
    /**
     * True if the sender waits for a reply.
     */
    readonly wantsReply: boolean
    readonly payload: Payload
  }

  /**
   * Messages from other components, operators and the host.
   */
  export interface MessageHandler {
    /**
     * Handles one message. The payload returned is the reply; it is discarded
     * if nobody waits for it. An error is given to the sender and does not
     * restart this component.
     * @throws Error
     */
    handleMessage(message: Message): Payload | null
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
 * Topics to listen to. Messages come to `message-handler`. Capability:
 * `messaging.subscribe` on the pattern.
 */
declare module "airssys:core/subscriptions@0.1.0" {
  export type Error = import("airssys:core/types@0.1.0").Error

  /**
   * A live subscription. It ends when it is dropped, with the instance, and
   * when the capability is taken away.
   */
  export class Subscription {
    private constructor()
    /**
     * The pattern it was made with.
     */
    pattern(): string
    [Symbol.dispose](): void
  }

  /**
   * Subscribes to the topics that match: `*` is one label, `**` any number.
   * @throws Error
   */
  export function subscribe(pattern: string): Subscription
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

/**
 * Keeps the average of each sensor.
 */
declare module "acme:average/plugin@1.0.0" {
  export type { Configuration, Error, Lifecycle, Limits, Milliseconds, Setting, ShutdownReason } from "airssys:core/lifecycle@0.1.0"

  export type { Message, MessageHandler, MessageId, Payload, Sender } from "airssys:core/message-handler@0.1.0"

  /** Everything that the guest has to export. */
  export interface Exports {
    readonly lifecycle: import("airssys:core/lifecycle@0.1.0").Lifecycle
    readonly messageHandler: import("airssys:core/message-handler@0.1.0").MessageHandler
  }
}
