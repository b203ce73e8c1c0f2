/** What is asked before a message is put into a mailbox. The capability of its sender has been decided by then. */
import * as Result from "effect/Result"
import type { AuditLog } from "../../security/AuditLog.ts"
import * as Pattern from "../../security/Pattern.ts"
import type { Quotas } from "../../security/Quotas.ts"
import { type Reason, Undeliverable } from "../../security/Undeliverable.ts"
import * as ComponentDirectory from "../ComponentDirectory.ts"
import { fromHost, type Origin } from "../Delivery.ts"
import type { Manifest } from "../Manifest.ts"
import { codecs, type Payload } from "../Payload.ts"
import * as coreExports from "./coreExports.ts"

export interface Checking {
  readonly directory: ComponentDirectory.ComponentDirectory["Service"]
  readonly audit: AuditLog["Service"]
  readonly quotas: Quotas["Service"] | undefined
  readonly maxBytes: number
}

export const undeliverable = (to: string, reason: Reason, detail: string): Undeliverable =>
  new Undeliverable({ to, reason, detail })

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isSender = (sender: Origin["sender"]): boolean =>
  isObject(sender) &&
  (sender._tag === "Host" ||
    (sender._tag === "Operator" || sender._tag === "Component") && typeof sender.id === "string")

const isOrigin = (from: Origin): boolean =>
  from === fromHost || isObject(from) && isSender(from.sender) && Array.isArray(from.onBehalfOf)

const isPayload = (payload: Payload): boolean =>
  isObject(payload) && payload.bytes instanceof Uint8Array && codecs.includes(payload.codec)

const problemOf = (to: string, payload: Payload, from: Origin): string | undefined => {
  if (typeof to !== "string") return "it is for nothing that has a name: give a text"
  if (!isPayload(payload)) return "its payload has no bytes as a Uint8Array, or none of the codecs cbor, json and borsh"
  return isOrigin(from) ? undefined : "it comes from nobody: give an origin such as Delivery.fromHost"
}

/** Why something is no message: programs without a compiler may give anything. */
export const malformed = (to: string, payload: Payload, from: Origin): Undeliverable | undefined => {
  let problem: string | undefined
  try {
    problem = problemOf(to, payload, from)
  } catch {
    problem = "it cannot be read"
  }
  return problem === undefined ? undefined : undeliverable(named(to), "Malformed", problem)
}

/** What a program took from somewhere else may be no name. */
export const named = (name: string): string => typeof name === "string" ? name : "(no name)"

/** What a sender may send at all, to whomever: undefined, or why it may not. Counts against its quotas. */
export const outgoing = (
  { directory, maxBytes, quotas }: Checking,
  to: string,
  { bytes, codec }: Payload,
  { sender, tenant }: Origin
): Undeliverable | undefined => {
  if (bytes.length > maxBytes) {
    return undeliverable(to, "TooLarge", `${bytes.length} bytes, more than the ${maxBytes} that are allowed`)
  }
  if (sender._tag !== "Component") return undefined
  const entry = directory.asking(sender.id)
  if (entry === undefined) return undeliverable(to, "Stopped", `${sender.id} does not run`)
  if (!entry.release.manifest.messages.sends.includes(codec)) {
    return undeliverable(to, "CodecNotDeclared", `the manifest of ${sender.id} does not say that it sends ${codec}`)
  }
  return quotas === undefined ? undefined : spend(quotas, to, { component: sender.id, tenant }, bytes.length)
}

const spend = (
  quotas: Quotas["Service"],
  to: string,
  payer: { readonly component: string; readonly tenant: string | undefined },
  size: number
): Undeliverable | undefined => {
  const message = quotas.reserveUnsafe(payer, "messages", 1)
  if (Result.isFailure(message)) return undeliverable(to, "RateLimited", message.failure.message)
  const bytes = quotas.reserveUnsafe(payer, "network", size)
  if (Result.isFailure(bytes)) {
    message.success.release()
    return undeliverable(to, "RateLimited", bytes.failure.message)
  }
  message.success.commit()
  bytes.success.commit()
  return undefined
}

const patterns = new WeakMap<Manifest, ReadonlyArray<Pattern.Pattern> | undefined>()

/** What a manifest says of its senders was read by its schema. */
const patternsOf = (manifest: Manifest): ReadonlyArray<Pattern.Pattern> | undefined => {
  if (!patterns.has(manifest)) {
    patterns.set(
      manifest,
      manifest.messages.from?.map((text) => Result.getOrThrow(Pattern.parse("messaging.send", text)))
    )
  }
  return patterns.get(manifest)
}

const takesFrom = (manifest: Manifest, { sender }: Origin): boolean => {
  const from = patternsOf(manifest)
  return from === undefined || sender._tag !== "Component" ||
    from.some((pattern) => Pattern.matches(pattern, sender.id))
}

/** The recipient, if it takes this message from this sender. A refusal of the sender is in the audit log. */
export const incoming = (
  { audit }: Checking,
  to: string,
  entry: ComponentDirectory.Entry | undefined,
  { codec }: Payload,
  from: Origin
): Result.Result<ComponentDirectory.Entry, Undeliverable> => {
  if (entry === undefined || !ComponentDirectory.doesExport(entry, coreExports.messageHandler.world)) {
    return Result.fail(
      undeliverable(to, "NotFound", entry === undefined ? "no such component runs" : "it handles no messages")
    )
  }
  const { manifest } = entry.release
  if (!takesFrom(manifest, from)) {
    refused(audit, to, from)
    return Result.fail(undeliverable(to, "Refused", "its manifest names other senders"))
  }
  return manifest.messages.accepts.includes(codec)
    ? Result.succeed(entry)
    : Result.fail(undeliverable(to, "CodecNotAccepted", `its manifest does not say that it takes ${codec}`))
}

const refused = (audit: AuditLog["Service"], to: string, { correlation, onBehalfOf, sender }: Origin): void => {
  if (sender._tag !== "Component") return
  audit.recordUnsafe({
    _tag: "CapabilityDenied",
    principal: { kind: "Component", id: sender.id },
    kind: "messaging.send",
    resource: to,
    reason: "RecipientRefused",
    ...(onBehalfOf.length === 0 ? undefined : { onBehalfOf: onBehalfOf.map(({ id, kind }) => ({ kind, id })) }),
    ...(correlation === undefined ? undefined : { correlation })
  })
}

/** Why a reply is not given to who asked for it. */
export const reply = (
  { directory, maxBytes }: Checking,
  to: string,
  { bytes, codec }: Payload,
  { sender }: Origin
): Undeliverable | undefined => {
  if (bytes.length > maxBytes) return undeliverable(to, "Failed", `its reply has more than ${maxBytes} bytes`)
  if (directory.lookup(to)?.release.manifest.messages.sends.includes(codec) === false) {
    return undeliverable(to, "Failed", `its reply is ${codec}, which its manifest does not say that it sends`)
  }
  const asker = sender._tag === "Component" ? directory.asking(sender.id) : undefined
  return asker?.release.manifest.messages.accepts.includes(codec) === false
    ? undeliverable(to, "Failed", `its reply is ${codec}, which ${asker.id} does not say that it takes`)
    : undefined
}
