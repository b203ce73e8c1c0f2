/**
 * What stands before imports that may suspend a guest.
 *
 * Where nothing can wait, V8 throws an error of JavaScript before it calls such
 * an import, and guests can catch it. A gate asks the host first, which stops
 * the guest by a real trap.
 */
import { u32 } from "../core/sink.ts"
import type { Flat } from "../flat.ts"
import type { AbiFunc } from "./abiType.ts"
import { flatten } from "./abiType.ts"
import { jspi } from "./bridge.ts"
import type { BoundHost, Closures, Plan } from "./plan.ts"
import type { Store } from "./store.ts"

const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

const codes: Readonly<Record<Flat, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c }

const vector = (items: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => [
  ...u32(items.length),
  ...items.flat()
]

const section = (id: number, content: ReadonlyArray<number>): ReadonlyArray<number> => [
  id,
  ...u32(content.length),
  ...content
]

const name = (text: string): ReadonlyArray<number> => [text.length, ...Array.from(text, (char) => char.charCodeAt(0))]

/** The core type of a lowered function. */
const coreType = (type: AbiFunc): ReadonlyArray<number> => {
  const params = flatten(type.params.map((param) => param.type)) ?? ["i32" as const]
  const flat = type.result?.flat
  const isSpilled = type.result !== undefined && (flat === undefined || flat.length > 1)
  const results = isSpilled ? [] : flat ?? []
  const all = isSpilled ? [...params, "i32" as const] : params
  return [
    0x60,
    ...vector(all.map((one) => [codes[one]])),
    ...vector(results.map((one) => [codes[one]]))
  ]
}

/**
 * A module with one gate for each of the functions: it imports `c` `c`, which
 * is asked, and the functions as `s` `0`, `s` `1` and so on, and exports gates
 * under the same numbers.
 */
const gateModule = (types: ReadonlyArray<AbiFunc>): WebAssembly.Module => {
  const cores = types.map(coreType)
  const bodies = cores.map((core, i) => {
    const params = core[1] ?? 0
    const code = [
      0,
      0x10,
      0,
      ...Array.from({ length: params }, (_, j) => [0x20, j]).flat(),
      0x10,
      ...u32(i + 1),
      0x0b
    ]
    return [...u32(code.length), ...code]
  })
  return new WebAssembly.Module(Uint8Array.from([
    ...preamble,
    ...section(1, vector([[0x60, 0, 0], ...cores])),
    ...section(
      2,
      vector([
        [...name("c"), ...name("c"), 0, 0],
        ...cores.map((_, i) => [...name("s"), ...name(String(i)), 0, ...u32(i + 1)])
      ])
    ),
    ...section(3, vector(cores.map((_, i) => u32(i + 1)))),
    ...section(7, vector(cores.map((_, i) => [...name(String(i)), 0, ...u32(cores.length + 1 + i)]))),
    ...section(10, vector(bodies))
  ]))
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
