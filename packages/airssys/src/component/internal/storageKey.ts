import { StorageError } from "../../security/KeyValue.ts"
import * as Pattern from "../../security/Pattern.ts"

export const keyLimit = 512

export const valueLimit = 1024 * 1024

/** The bytes of all values of a batch. */
export const batchBytes = 4 * valueLimit

/** Why a text is no key; a key is what patterns of storage can name in full. */
export const problemOf = (key: string): string | undefined => {
  if (typeof key !== "string") return "a key is a text"
  if (key === "") return "a key is not empty"
  if (key.length > keyLimit) return `a key has at most ${keyLimit} characters`
  return Pattern.parseResource("storage.read", key) === undefined
    ? "a key is segments between slashes, each of 1 to 255 visible characters, and none of them \".\" or \"..\""
    : undefined
}

const shown = (key: string): string => typeof key === "string" ? key.slice(0, 64) : ""

export const error = (
  reason: StorageError["reason"],
  key: string,
  detail: string,
  cause?: unknown
): StorageError =>
  new StorageError({ reason, key: shown(key), detail, ...(cause === undefined ? undefined : { cause }) })
