/**
 * How often each core module is instantiated: a walk through all instances.
 */
import type { Blueprint, Item, ModuleSource, Step } from "./blueprint.ts"
import type { Reader } from "./reader.ts"
import type { Extern } from "./typeNodes.ts"

const maxSteps = 200_000
const maxDepth = 100

type Value =
  | { readonly sort: "module"; readonly source: ModuleSource }
  | { readonly sort: "component"; readonly blueprint: Blueprint; readonly outer: Space | undefined }
  | { readonly sort: "instance"; readonly exports: ReadonlyMap<string, Value> }

interface Space {
  readonly outer: Space | undefined
  readonly depth: number
  readonly module: Array<Value>
  readonly component: Array<Value>
  readonly instance: Array<Value>
}

/** By the index of the module; of those that are instantiated at all. */
export const countModules = (at: Reader, blueprint: Blueprint): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  let steps = 0

  const spend = (amount: number): void => {
    steps += amount
    if (steps > maxSteps) at.tooLarge(`instantiating the component takes more than ${maxSteps} steps`)
  }

  const run = (
    blueprint: Blueprint,
    outer: Space | undefined,
    depth: number,
    args: ReadonlyMap<string, Value>
  ): ReadonlyMap<string, Value> => {
    if (depth > maxDepth) at.tooLarge(`components instantiate each other ${maxDepth} deep`)
    const space: Space = { outer, depth, module: [], component: [], instance: [] }
    const exports = new Map<string, Value>()
    spend(1)
    for (const step of blueprint.steps) {
      spend(1)
      take(space, step, args, exports)
    }
    return exports
  }

  const take = (space: Space, step: Step, args: ReadonlyMap<string, Value>, exports: Map<string, Value>): void => {
    switch (step.op) {
      case "import":
        return define(space, args.get(step.name) ?? fromHost(step.extern))
      case "core module":
        return define(space, { sort: "module", source: step.source })
      case "component":
        return define(space, { sort: "component", blueprint: step.blueprint, outer: space })
      case "core instantiate": {
        const module = space.module[step.module]
        if (module?.sort === "module") counts.set(module.source.index, (counts.get(module.source.index) ?? 0) + 1)
        return
      }
      case "instantiate": {
        const component = space.component[step.component]
        const given = named(space, step.args)
        const made = component?.sort === "component"
          ? run(component.blueprint, component.outer, space.depth + 1, given)
          : new Map<string, Value>()
        return define(space, { sort: "instance", exports: made })
      }
      case "exports":
        return define(space, { sort: "instance", exports: named(space, step.exports) })
      case "alias": {
        const instance = space.instance[step.instance]
        return step.sort === "func"
          ? undefined
          : define(space, instance?.sort === "instance" ? instance.exports.get(step.name) : undefined)
      }
      case "outer alias": {
        let from: Space | undefined = space
        for (let i = 0; i < step.count; i++) from = from?.outer
        return define(space, from?.[step.sort][step.index])
      }
      case "export": {
        const value = itemOf(space, step.item)
        if (value !== undefined) exports.set(step.name, value)
        return define(space, value)
      }
    }
  }

  const named = (
    space: Space,
    entries: ReadonlyArray<{ readonly name: string; readonly item: Item }>
  ): ReadonlyMap<string, Value> => {
    spend(entries.length)
    const values = new Map<string, Value>()
    for (const { item, name } of entries) {
      const value = itemOf(space, item)
      if (value !== undefined) values.set(name, value)
    }
    return values
  }

  run(blueprint, undefined, 0, new Map())
  return counts
}

const define = (space: Space, value: Value | undefined): void => {
  if (value !== undefined) space[value.sort].push(value)
}

const itemOf = (space: Space, item: Item): Value | undefined =>
  item.sort === "func" || item.sort === "type" ? undefined : space[item.sort][item.index]

/** The host gives instances of functions and resources alone. */
const fromHost = (extern: Extern): Value | undefined =>
  extern.sort === "instance" ? { sort: "instance", exports: new Map() } : undefined
