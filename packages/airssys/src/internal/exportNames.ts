import type * as WitType from "@airssys/engine/WitType"
import * as Contract from "../component/Contract.ts"

/** Exports by their names; undefined for a name that several have. */
export type Exports = ReadonlyMap<string, Contract.Export | undefined>

export const exportsOf = (world: WitType.World): Exports => {
  const exports = new Map<string, Contract.Export | undefined>()
  const add = (name: string, item: Contract.Export) => exports.set(name, exports.has(name) ? undefined : item)
  for (const { functions, id } of world.exports) {
    for (const type of functions) {
      const item: Contract.Export = { interface: id, function: type.name, type }
      add(Contract.exportName(item), item)
      if (id !== undefined) add(`${id}#${type.name}`, item)
    }
  }
  return exports
}
