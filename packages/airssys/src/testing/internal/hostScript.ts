import type * as WitType from "@airssys/engine/WitType"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Admission from "../../component/Admission.ts"
import type { HostFunction, HostTrap, Imports } from "../../component/ComponentEngine.ts"
import { difference } from "./difference.ts"
import { printed } from "./printed.ts"

/** Stands for any value among expected arguments. */
export const any: unique symbol = Symbol("any value")

export interface Expected {
  readonly _tag: "Expected"
  readonly name: string
  readonly args: ReadonlyArray<unknown>
  readonly answer: unknown
}

export interface Allowed {
  readonly _tag: "Allowed"
  readonly name: string
  readonly answer: (...args: ReadonlyArray<unknown>) => unknown
}

export type Scripted = Expected | Allowed

/** The guest did not do what the script of its host says. */
export class HostMismatch extends Error {
  override readonly name = "HostMismatch"
}

/** A function that the component imports. */
interface Import {
  /** Id of the interface; empty for the world itself. */
  readonly owner: string
  readonly id: string
  readonly func: WitType.Func
}

interface Waiting {
  readonly step: Expected
  readonly imported: Import
  readonly ordinal: number
}

/** What a guest is to call, and what it has called. */
export class HostScript {
  readonly imports: Imports
  readonly made: Array<{ readonly name: string; readonly args: ReadonlyArray<unknown> }> = []
  /** The first call that was none of the script. */
  mismatch: HostMismatch | undefined = undefined
  readonly #order: "AsListed" | "Any"
  readonly #allowed = new Map<Import, Allowed>()
  readonly #left: Array<Waiting> = []
  readonly #count: number

  constructor(world: WitType.World, steps: ReadonlyArray<Scripted>, order: "AsListed" | "Any") {
    this.#order = order
    const imported = importsOf(world)
    const waits = new Set<Import>()
    for (const step of steps) {
      const found = find(imported, step.name)
      if (step._tag === "Allowed") {
        this.#allowed.set(found, step)
        waits.add(found)
        continue
      }
      checkStep(step, found.func)
      if (mayWait(step.answer)) waits.add(found)
      this.#left.push({ step, imported: found, ordinal: this.#left.length + 1 })
    }
    this.#count = this.#left.length
    this.imports = this.#bound(imported.filter(({ owner }) => !owner.startsWith("wasi:")), waits)
  }

  /** What is wrong now that the guest is done. */
  problem(): HostMismatch | undefined {
    if (this.mismatch !== undefined) return this.mismatch
    if (this.#left.length === 0) return undefined
    const lines = this.#left.map(({ imported, ordinal, step }) => `  ${ordinal}. ${shown(imported, step.args)}`)
    return new HostMismatch(
      [`The guest did not make ${this.#left.length} of ${this.#count} expected calls:`, ...lines].join("\n")
    )
  }

  #bound(imported: ReadonlyArray<Import>, waits: ReadonlySet<Import>): Imports {
    const owners = new Map<string, Map<string, HostFunction>>()
    for (const one of imported) {
      const functions = owners.get(one.owner) ?? new Map<string, HostFunction>()
      owners.set(one.owner, functions)
      functions.set(
        one.func.name,
        waits.has(one)
          ? { _tag: "Async", call: (args) => this.#waited(one, args) }
          : { _tag: "Sync", call: (args) => this.#immediate(one, args) }
      )
    }
    return owners
  }

  #immediate(imported: Import, args: ReadonlyArray<unknown>): unknown {
    const answer = this.#answer(imported, args)
    if (!isAtHand(answer)) return this.#checked(imported, answer)
    if (Exit.isSuccess(answer)) return this.#checked(imported, answer.value)
    throw Cause.squash(answer.cause)
  }

  #waited(imported: Import, args: ReadonlyArray<unknown>): Effect.Effect<unknown, HostTrap> {
    return Effect.suspend(() => {
      const answer = this.#answer(imported, args)
      return isWaitedFor(answer)
        ? Effect.map(answer, (value) => this.#checked(imported, value))
        : Effect.succeed(this.#checked(imported, answer))
    })
  }

  /** The answer of the script; where it has none, the guest is stopped. */
  #answer(imported: Import, args: ReadonlyArray<unknown>): unknown {
    this.made.push({ name: imported.id, args })
    const at = this.#order === "Any"
      ? this.#left.findIndex((waiting) => differs(waiting, imported, args) === undefined)
      : this.#left[0] !== undefined && differs(this.#left[0], imported, args) === undefined
      ? 0
      : -1
    if (at >= 0) return this.#left.splice(at, 1)[0]!.step.answer
    const allowed = this.#allowed.get(imported)
    if (allowed !== undefined) return allowed.answer(...args)
    throw this.#fail(this.#unexpected(imported, args))
  }

  #unexpected(imported: Import, args: ReadonlyArray<unknown>): ReadonlyArray<string> {
    const called = `  called    ${shown(imported, args)}`
    const done = this.#count - this.#left.length
    const [next] = this.#left
    if (next === undefined) {
      return [`The guest made a call that is not expected, after all ${this.#count} that are:`, called]
    }
    const heading = `The guest made another call than the script says, in place of call ${done + 1} of ${this.#count}:`
    if (this.#order === "Any") {
      return [
        heading,
        called,
        "  expected, in any order",
        ...this.#left.map(({ imported, step }) => `            ${shown(imported, step.args)}`)
      ]
    }
    const lines = [heading, `  expected  ${shown(next.imported, next.step.args)}`, called]
    if (next.imported === imported) return [...lines, `  argument  ${differs(next, imported, args)}`]
    const later = this.#left.find((waiting) => differs(waiting, imported, args) === undefined)
    return later === undefined ? lines : [...lines, `  which is expected later, as call ${later.ordinal}`]
  }

  #checked({ func, id }: Import, value: unknown): unknown {
    const problem = Admission.check(func.result)(value)
    if (problem === undefined) return value
    throw this.#fail([`The script answers ${id} with what is not of its type:`, `  ${problem}`])
  }

  #fail(lines: ReadonlyArray<string>): HostMismatch {
    this.mismatch ??= new HostMismatch(lines.join("\n"))
    return this.mismatch
  }
}

const isWaitedFor = (answer: unknown): answer is Effect.Effect<unknown, HostTrap> => Effect.isEffect(answer)

const isAtHand = (answer: unknown): answer is Exit.Exit<unknown, HostTrap> => Exit.isExit(answer)

const mayWait = (answer: unknown): boolean => isWaitedFor(answer) && !isAtHand(answer)

const importsOf = (world: WitType.World): ReadonlyArray<Import> =>
  world.imports.flatMap(({ functions, id }) =>
    functions.map((func) => ({ owner: id ?? "", id: id === undefined ? func.name : `${id}#${func.name}`, func }))
  )

const unversioned = (name: string): string => name.replace(/@[^#]*/, "")

const find = (imported: ReadonlyArray<Import>, name: string): Import => {
  const found = imported.find(({ id }) => id === name) ?? imported.find(({ id }) => unversioned(id) === name)
  if (found !== undefined) return found
  const names = imported.filter(({ owner }) => !owner.startsWith("wasi:")).map(({ id }) => id)
  throw new HostMismatch(
    `The script has ${name}, which the component does not import. It imports ${
      names.length === 0 ? "nothing" : names.join(", ")
    }.`
  )
}

const checkStep = ({ answer, args, name }: Expected, { params, result }: WitType.Func): void => {
  if (args.length !== params.length) {
    throw new HostMismatch(`The script expects ${args.length} arguments of ${name}, which takes ${params.length}.`)
  }
  for (const [index, { name: parameter, type }] of params.entries()) {
    const problem = args[index] === any ? undefined : Admission.check(type)(args[index])
    if (problem !== undefined) throw new HostMismatch(`The script expects of ${name} ${parameter}: ${problem}`)
  }
  const problem = isWaitedFor(answer) ? undefined : Admission.check(result)(answer)
  if (problem !== undefined) {
    throw new HostMismatch(`The script answers ${name} with what is not of its type:\n  ${problem}`)
  }
}

/** How a call differs from what is expected; undefined where it does not. */
const differs = (
  { imported, step }: Waiting,
  called: Import,
  args: ReadonlyArray<unknown>
): string | undefined => {
  if (imported !== called) return "another function"
  for (const [index, { name }] of imported.func.params.entries()) {
    const problem = step.args[index] === any ? undefined : difference(step.args[index], args[index], name)
    if (problem !== undefined) return problem
  }
  return undefined
}

const shown = ({ id }: Import, args: ReadonlyArray<unknown>): string =>
  `${id}(${args.map((arg) => arg === any ? "any" : printed(arg)).join(", ")})`
