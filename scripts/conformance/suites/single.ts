/**
 * A file that is one check.
 */
import type { Engine } from "../engines/contract.ts"
import { type Progress, Spoilt } from "../result.ts"
import { fault, type Verdict } from "../verdict.ts"

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

/** Whether bytes begin like a core module: the layer of a component is another. */
export const isCoreModule = (bytes: Uint8Array): boolean => bytes[6] === 0 && bytes[7] === 0
