/**
 * What a core module takes and gives, until it is read.
 */
import type { CoreModuleType } from "./coreExtern.ts"
import type { Budget } from "./reader.ts"

export const coreModuleType = (
  _bytes: Uint8Array,
  _offset: number,
  _size: number,
  _budget: Budget
): CoreModuleType => ({ imports: [], exports: new Map() })
