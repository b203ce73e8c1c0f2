/**
 * What every instance of a plan needs to know, counted once.
 */
import type { CoreRef } from "./expansion.ts"
import type { Plan } from "./plan.ts"

/** One core instance: what it gets, and what of it generated code is bound to. */
export interface Binding {
  readonly compiled: NonNullable<ReturnType<Plan["compiled"]["get"]>>
  readonly imports: ReadonlyArray<{
    readonly module: string
    readonly items: ReadonlyArray<{ readonly name: string; readonly ref: CoreRef }>
  }>
  readonly binds: ReadonlyArray<{ readonly kind: "memory" | "func"; readonly id: number; readonly name: string }>
  /** Its part of the stack: half of that is shared by the size of code, half equally. */
  readonly share: number
}

export interface Facts {
  readonly bindings: ReadonlyArray<Binding>
  /** Functions of the linker that generated code calls. */
  readonly made: ReadonlyArray<{ readonly id: number; readonly ref: CoreRef }>
  /** What a new instance starts with: bytes and number of memories, elements and number of tables. */
  readonly bytes: number
  readonly memories: number
  readonly elements: number
  readonly tables: number
}

const known = new WeakMap<Plan, Facts>()

export const factsOf = (plan: Plan): Facts => {
  const facts = known.get(plan) ?? count(plan)
  known.set(plan, facts)
  return facts
}

const count = (plan: Plan): Facts => {
  const cores = plan.expansion.coreInstances.map(({ imports, module }) => {
    const compiled = plan.compiled.get(module.index)
    if (compiled === undefined) throw new RangeError("a core module that was not compiled")
    return { compiled, imports: byModule(imports) }
  })
  const size = cores.reduce((sum, { compiled }) => sum + compiled.metered.codeSize, 0)
  const bindings = cores.map(({ compiled, imports }, core): Binding => ({
    compiled,
    imports,
    binds: [...bindsOf("memory", plan.bound.memories, core), ...bindsOf("func", plan.bound.funcs, core)],
    share: 0.5 / cores.length + (size === 0 ? 0 : 0.5 * compiled.metered.codeSize / size)
  }))
  const all = cores.map(({ compiled }) => compiled.metered)
  const pages = all.flatMap(({ memories }) => memories.map((memory) => memory.minimum))
  const elements = all.flatMap(({ tables }) => tables.map((table) => table.minimum))
  return {
    bindings,
    made: plan.bound.funcs.flatMap((ref, id) => ref.from === "instance" ? [] : [{ id, ref }]),
    bytes: sum(pages) * 65_536,
    memories: pages.length,
    elements: sum(elements),
    tables: elements.length
  }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((all, one) => all + one, 0)

const byModule = (imports: Plan["expansion"]["coreInstances"][number]["imports"]): Binding["imports"] => {
  const found = new Map<string, Array<{ readonly name: string; readonly ref: CoreRef }>>()
  for (const { module, name, ref } of imports) {
    const items = found.get(module) ?? []
    found.set(module, items)
    items.push({ name, ref })
  }
  return Array.from(found, ([module, items]) => ({ module, items }))
}

const bindsOf = (
  kind: "memory" | "func",
  refs: ReadonlyArray<CoreRef>,
  core: number
): Binding["binds"] =>
  refs.flatMap((ref, id) => ref.from === "instance" && ref.instance === core ? [{ kind, id, name: ref.name }] : [])
