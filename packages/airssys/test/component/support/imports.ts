/** Imports of a component as an engine reports them. */
import type * as WitType from "@airssys/engine/WitType"
import * as bindings from "../../../src/component/internal/bindings.ts"

const table = bindings.of()

/** An interface with some of the functions of this host, or with others, which take and give nothing. */
export const interfaceOf = (id: string, ...names: ReadonlyArray<string>): WitType.Interface => ({
  id,
  functions: names.map((name) => {
    const binding = table.find(id, name)
    return binding?._tag === "Served" ? binding.function.type : { name, params: [], result: undefined, async: false }
  }),
  types: [],
  resources: []
})
