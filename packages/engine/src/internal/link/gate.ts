/**
 * What stands before imports that may suspend a guest.
 *
 * Where nothing can wait, V8 throws an error of JavaScript before it calls such
 * an import, and guests can catch it. A gate asks the host first, which stops
 * the guest by a real trap.
 */
import { u32 } from "../core/sink.ts"
import type { AbiFunc } from "./abiType.ts"
import { loweredType } from "./abiType.ts"
import { jspi } from "./bridge.ts"
import { moduleOf } from "./coreBytes.ts"
import type { BoundHost, Closures, Plan } from "./plan.ts"
import type { Store } from "./store.ts"

/**
 * A module with one gate for each of the functions: it imports `c` `c`, which
 * is asked, and the functions as `s` `0`, `s` `1` and so on, and exports gates
 * under the same numbers.
 */
const gateModule = (types: ReadonlyArray<AbiFunc>): WebAssembly.Module => {
  const cores = types.map(loweredType)
  return moduleOf({
    types: [{ params: [], results: [] }, ...cores],
    imports: [
      { module: "c", name: "c", type: 0 },
      ...cores.map((_, i) => ({ module: "s", name: String(i), type: i + 1 }))
    ],
    exports: cores.map(({ params }, i) => ({
      name: String(i),
      type: i + 1,
      code: [0x10, 0, ...params.flatMap((_, j) => [0x20, j]), 0x10, ...u32(i + 1)]
    }))
  })
}

/** Gates by the lowered function they stand before; undefined where no import is asynchronous. */
export const gatesOf = (
  plan: Plan,
  store: Store,
  hosts: ReadonlyArray<BoundHost>,
  closures: Closures
): ReadonlyMap<number, unknown> | undefined => {
  const suspending = jspi()
  if (suspending === undefined || !hosts.some((host) => host.async)) return undefined
  const ids = plan.expansion.lowers.flatMap(({ func }, id) =>
    func.from === "host" && hosts[func.id]?.async === true ? [id] : []
  )
  const known = knownGates.get(plan) ?? new Map<string, WebAssembly.Module>()
  knownGates.set(plan, known)
  const key = ids.join(" ")
  const module = known.get(key) ?? gateModule(ids.flatMap((id) => plan.expansion.lowers[id]?.type ?? []))
  if (known.size < 16) known.set(key, module)
  const { exports } = new WebAssembly.Instance(module, {
    c: { c: store.mayWait },
    s: Object.fromEntries(
      ids.map((id, i) => [i, new suspending.Suspending(closures.lowers[id] as never) as CallableFunction])
    )
  })
  return new Map(ids.map((id, i) => [id, exports[i]]))
}

const knownGates = new WeakMap<Plan, Map<string, WebAssembly.Module>>()
