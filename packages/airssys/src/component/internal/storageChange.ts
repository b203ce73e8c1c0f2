import type { Batch } from "../../security/KeyValue.ts"
import type { Change, Holding } from "../StorageStore.ts"

const overhead = 64

const utf8Length = (text: string): number => {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // The halves of a pair have two bytes each.
    length += unit < 0x800 || unit >= 0xd800 && unit < 0xe000 ? 1 : 2
  }
  return length
}

export const sizeOf = (key: string, valueLength: number): number => utf8Length(key) + valueLength + overhead

/** Adds holdings of one tenant to what is there, or takes them away. */
export const add = (
  holdings: Map<string | undefined, Holding>,
  { bytes, keys, tenant }: Holding,
  sign: 1 | -1 = 1
): void => {
  const found = holdings.get(tenant)
  const sum = { tenant, keys: (found?.keys ?? 0) + sign * keys, bytes: (found?.bytes ?? 0) + sign * bytes }
  if (sum.keys === 0 && sum.bytes === 0) holdings.delete(tenant)
  else holdings.set(tenant, sum)
}

export const make = (
  { writes }: Batch,
  tenant: string | undefined,
  held: (key: string) => Holding | undefined
): Change => {
  const before = new Map<string | undefined, Holding>()
  let keys = 0
  let bytes = 0
  for (const { key, value } of writes) {
    const found = held(key)
    if (found !== undefined) add(before, found)
    if (value === undefined) continue
    keys++
    bytes += sizeOf(key, value.length)
  }
  return { before: [...before.values()], after: keys === 0 ? [] : [{ tenant, keys, bytes }] }
}
