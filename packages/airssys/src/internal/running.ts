import * as Effect from "effect/Effect"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { ComponentDirectory } from "../component/ComponentDirectory.ts"
import type { LoadedComponent } from "../component/ComponentEngine.ts"
import { ComponentError } from "../component/ComponentError.ts"
import * as ComponentMessage from "../component/ComponentMessage.ts"
import * as Contract from "../component/Contract.ts"
import * as SafeText from "../security/SafeText.ts"
import { type Exports, exportsOf } from "./exportNames.ts"

export const notRunning = { reason: "NotRunning", detail: "is not running" } as const
export const noSuchExport = {
  reason: "NoSuchExport",
  detail: "has no such export, or several of this name"
} as const

interface Problem {
  readonly reason: "NotRunning" | "ContractMismatch"
  readonly detail: string
}

export const unavailable = (
  component: string,
  target: string,
  { detail, reason }: { readonly reason: "NotRunning" | "ContractMismatch" | "NoSuchExport"; readonly detail: string }
): Effect.Effect<never, ComponentError> =>
  Effect.fail(
    new ComponentError({
      component: named(component),
      export: named(target),
      reason: { _tag: reason === "NotRunning" ? "Stopped" : "NoSuchExport" },
      detail,
      denials: []
    })
  )

/** What a program took from somewhere else may be no name. */
const named = (name: string): string => typeof name === "string" ? name : "(no name)"

interface Running {
  readonly ref: ActorRef<ComponentMessage.ComponentMessage>
  readonly exports: Exports
}

/** What is asked of the components that run with each call, found out once for each artifact. */
export interface RunningComponents {
  readonly find: (component: string) => Running | undefined
  /** What keeps a component from a contract. */
  readonly difference: (component: string, definition: Contract.Definition) => Problem | undefined
  /** Calls what runs under an id at the time of the call. */
  readonly client: <Self, Shape>(contract: Contract.Contract<Self, Shape>, component: string) => Shape
}

const detailLimit = 512

export const make = (directory: ComponentDirectory["Service"]): RunningComponents => {
  const tables = new WeakMap<LoadedComponent, Exports>()
  const kept = new WeakMap<LoadedComponent, WeakSet<Contract.Definition>>()

  const exportsOnce = (component: LoadedComponent): Exports => {
    const known = tables.get(component) ?? exportsOf(component.world)
    tables.set(component, known)
    return known
  }

  const differenceOf = (component: LoadedComponent, definition: Contract.Definition): Problem | undefined => {
    const known = kept.get(component)
    if (known?.has(definition) === true) return undefined
    const found = Contract.mismatch(definition, component.world)
    if (found !== undefined) return { reason: "ContractMismatch", detail: SafeText.escape(found, detailLimit) }
    kept.set(component, (known ?? new WeakSet()).add(definition))
    return undefined
  }

  return {
    find: (component) => {
      const entry = directory.lookup(component)
      return entry === undefined ? undefined : { ref: entry.ref, exports: exportsOnce(entry.release.component) }
    },
    difference: (component, definition) => {
      const entry = directory.lookup(component)
      return entry === undefined ? notRunning : differenceOf(entry.release.component, definition)
    },
    client: (contract, component) =>
      Contract.client(contract, (called, args) =>
        Effect.suspend(() => {
          const target = { interface: called.interface, function: called.function.name }
          const entry = directory.lookup(component)
          const problem = entry === undefined ? notRunning : differenceOf(entry.release.component, contract.definition)
          return entry === undefined || problem !== undefined
            ? unavailable(component, Contract.exportName(target), problem ?? notRunning)
            : ComponentMessage.invokeFor(entry.ref, component, target, args, ({ value }) => value)
        }))
  }
}
