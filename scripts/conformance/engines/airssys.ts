/**
 * Our engine, with its default limits and without a way to suspend.
 */
import { CallError, LinkError } from "@airssys/engine/CallError"
import { DecodeError } from "@airssys/engine/DecodeError"
import * as EngineModule from "@airssys/engine/Engine"
import { Trap } from "@airssys/engine/Trap"
import type { World } from "@airssys/engine/WitType"
import { type Component, type Engine, Refused, Trapped, Unlinked } from "./contract.ts"

export const make = async (): Promise<Engine> => {
  const engine = EngineModule.make()
  return {
    name: "airssys",
    load: async (bytes) => {
      const component = await saying(() => engine.load(bytes))
      return {
        instantiate: (imports) => {
          const given = imports === "stubs" ? stubs(component.world) : new Map()
          const instance = sayingSync(() => engine.instantiate(component, { imports: given }))
          return {
            invoke: (owner, name, args) => sayingSync(() => instance.func(owner, name).callSync(args))
          }
        }
      } satisfies Component
    }
  }
}

const saying = async <A>(run: () => Promise<A>): Promise<A> => {
  try {
    return await run()
  } catch (error) {
    throw answer(error)
  }
}

const sayingSync = <A>(run: () => A): A => {
  try {
    return run()
  } catch (error) {
    throw answer(error)
  }
}

/** A poisoned instance is what the specification calls one that cannot be entered. */
const answer = (error: unknown): unknown => {
  if (error instanceof DecodeError) {
    const detail = `${error.message} (${error.reason}, ${error.section}, offset ${error.offset})`
    return new Refused(detail, error.reason === "Refused" ? error.feature ?? error.message : undefined)
  }
  if (error instanceof LinkError) return new Unlinked(`${error.reason}: ${error.message}`)
  if (error instanceof Trap) return new Trapped(error.category, error.message)
  if (error instanceof CallError && (error.reason === "Poisoned" || error.reason === "ReEntered")) {
    return new Trapped("InvalidCall", error.message)
  }
  return error
}

const stubs = (world: World): EngineModule.Imports =>
  new Map(
    world.imports.map(({ functions, id }) => [
      id ?? "",
      new Map(functions.map(({ name }) => [name, { call: stub }]))
    ])
  )

const stub = (): never => {
  throw new Error("a host function failed: there is nothing behind this import")
}
