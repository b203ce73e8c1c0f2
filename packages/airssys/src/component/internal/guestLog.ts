/** The log of one guest, as much of it as one message may write. */
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import * as SafeText from "../../security/SafeText.ts"
import type { Delivery } from "../Delivery.ts"
import type { Guest, LogField } from "../HostFunction.ts"

const lineLimit = 8 * 1024
const keyLimit = 64
const fieldLimit = 64
/** What one message may write: a guest in a loop is not to fill the host's log. */
const linesPerMessage = 256
const charactersPerMessage = 256 * 1024

export type Write = Guest["log"]

/** Who writes, and in which message. */
export interface Writer {
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly delivery: () => Delivery | undefined
  readonly configuration: Guest["configuration"]
}

/** Shorter secrets would make words of what is no secret. */
const shortestMasked = 8

/**
 * Hides the secrets of a guest that it writes as they are; what it alters first
 * is not known again. Of one secret that is a part of another the other goes first.
 */
const masking = (configuration: Guest["configuration"]): (text: string) => string => {
  const secrets = [...configuration.values()]
    .flatMap((setting) => setting?.tag === "secret" && setting.val.length >= shortestMasked ? [setting.val] : [])
    .toSorted((one, other) => other.length - one.length)
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "<secret>"), text)
}

export const make = (guest: Writer, run: (effect: Effect.Effect<void>) => unknown): Write => {
  const mask = masking(guest.configuration)
  let writing: string | undefined
  let lines = 0
  let characters = 0

  const log = (severity: LogLevel.Severity, text: string, fields: string | undefined): void => {
    const message = guest.delivery()?.id
    run(
      Effect.logWithLevel(severity)(text).pipe(
        Effect.annotateLogs({
          component: `${guest.namespace}:${guest.name}`,
          version: guest.version,
          ...(message === undefined ? undefined : { message }),
          ...(fields === undefined ? undefined : { fields })
        })
      )
    )
  }

  return (severity, message, given) => {
    if (guest.delivery()?.id !== writing) {
      writing = guest.delivery()?.id
      lines = 0
      characters = 0
    }
    if (lines > linesPerMessage || characters > charactersPerMessage) return false
    const text = line(mask(message))
    const fields = given.length === 0 ? undefined : fieldText(given, mask)
    lines++
    characters += text.length + (fields?.length ?? 0)
    if (lines > linesPerMessage || characters > charactersPerMessage) {
      log("Warn", "More lines of this message are dropped.", undefined)
      return false
    }
    log(severity, text, fields)
    return true
  }
}

const line = (text: string): string => SafeText.escape(text, lineLimit)

/** Values are quoted, so that a guest cannot make one field look like two. */
const fieldText = (fields: ReadonlyArray<LogField>, mask: (text: string) => string): string => {
  const texts = new Map<string, string>()
  for (const { key, value } of fields.slice(0, fieldLimit)) {
    const name = mask(key).slice(0, keyLimit)
    texts.set(fieldName.test(name) ? name : JSON.stringify(name), fieldValue(value.val, mask))
  }
  const shown = [...texts].map(([key, value]) => `${key}=${value}`).join(" ")
  return line(fields.length > fieldLimit ? `${shown} (${fields.length - fieldLimit} more)` : shown)
}

const fieldName = /^[A-Za-z_][A-Za-z0-9_.-]*$/

const fieldValue = (value: unknown, mask: (text: string) => string): string =>
  typeof value === "string" ? JSON.stringify(mask(value).slice(0, lineLimit)) : String(value)
