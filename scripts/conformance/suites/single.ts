/**
 * A file that is one check.
 */
import { decode } from "@airssys/engine/ComponentBinary"
import { DecodeError } from "@airssys/engine/DecodeError"
import type { World } from "@airssys/engine/WitType"
import type { Engine } from "../engines/contract.ts"
import { type Progress, Spoilt } from "../result.ts"
import { fault, isAsynchronous, skipped, type Verdict } from "../verdict.ts"

export const single = async (
  engine: Engine,
  file: string,
  progress: Progress,
  check: () => Promise<Verdict>
): Promise<void> => {
  if (progress.from > 0) return
  await progress.begin(0, file, "component")
  const { cause, isSpoilt = false, reason, seen, status } = await check().catch(fault)
  await progress.end(0, { engine: engine.name, at: file, what: "component", status, seen, reason, cause }, isSpoilt)
  if (isSpoilt) throw new Spoilt()
}

/**
 * The verdict on a file that no engine here is asked to run: a core module, or
 * for jco a component that our decoder calls asynchronous.
 */
export const leftOut = (engine: Engine, bytes: Uint8Array): Verdict | undefined => {
  if (bytes[6] === 0 && bytes[7] === 0) return skipped("a core module, not a component")
  const feature = engine.name === "jco" ? described(bytes) : undefined
  return feature instanceof DecodeError && isAsynchronous(feature.feature)
    ? skipped(`asynchronous: ${feature.feature}`)
    : undefined
}

/** What our decoder reads; nothing where it reads no component. */
export const worldOf = (bytes: Uint8Array): World => {
  const world = described(bytes)
  return world instanceof DecodeError ? { imports: [], exports: [] } : world
}

const described = (bytes: Uint8Array): World | DecodeError => {
  try {
    return decode(bytes).world
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}
