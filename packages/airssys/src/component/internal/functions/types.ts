/** The types that interfaces of `airssys:core` share. */
import * as Wit from "../../Wit.ts"

export const error = Wit.variant({
  "access-denied": undefined,
  "invalid-argument": Wit.string,
  "not-found": undefined,
  "timed-out": undefined,
  "exhausted": undefined,
  "unavailable": undefined,
  "failed": Wit.string
})

export type Error = Wit.Value<typeof error>

export const componentId = Wit.record({ namespace: Wit.string, name: Wit.string })

export const messageId: Wit.Type<string> = Wit.string

/** Of time. */
export const milliseconds: Wit.Type<number> = Wit.u32

export const sender = Wit.variant({ host: undefined, operator: undefined, component: componentId })

export const payload = Wit.record({ codec: Wit.enumeration("cbor", "json", "borsh"), bytes: Wit.bytes })

export const invalid = (text: string): Error => ({ tag: "invalid-argument", val: text })

export const ok = <A>(val: A) => ({ tag: "ok", val }) as const

export const err = (val: Error) => ({ tag: "err", val }) as const
