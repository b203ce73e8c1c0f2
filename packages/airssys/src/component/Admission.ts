/**
 * What is decided about a component before any of it runs: whether the bytes
 * are one at all, which values its functions take, and how its memories and
 * tables share one limit each.
 *
 * An engine sees `@airssys/engine` through this module and `TrapCategory` alone.
 *
 * @since 0.1.0
 */
import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import * as CoreModule from "@airssys/engine/CoreModule"
import { DecodeError } from "@airssys/engine/DecodeError"
import type { Field, WitType } from "@airssys/engine/WitType"
import * as WitValue from "@airssys/engine/WitValue"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { LoadError } from "./ComponentError.ts"
import * as MemoryExports from "./internal/memoryExports.ts"

/**
 * The problem of a value and its place in it, or undefined if it has the type.
 *
 * @category models
 * @since 0.1.0
 */
export type Check = (value: unknown) => string | undefined

/**
 * A valid core module and how often one instance of the component instantiates it.
 *
 * @category models
 * @since 0.1.0
 */
export interface CoreModuleUse {
  readonly bytes: Uint8Array
  readonly instantiations: number
}

/**
 * Describes a component without running any of it. A core module that could
 * keep more in the host than its memories and tables is refused: objects of the
 * GC proposal are under no limit of an instance.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inspect = (bytes: Uint8Array): Effect.Effect<ComponentBinary.ComponentDescription, LoadError> =>
  Effect.flatMap(
    attempt(() => ComponentBinary.decode(bytes), "the component", 0),
    (description) =>
      Effect.as(
        Effect.forEach(
          description.coreModules,
          ({ offset, size }) =>
            attempt(() => CoreModule.check(bytes.subarray(offset, offset + size)), "a core module", offset),
          { discard: true }
        ),
        description
      )
  )

const attempt = <A>(run: () => A, what: string, from: number): Effect.Effect<A, LoadError> =>
  Effect.try({
    try: run,
    catch: (error) => {
      if (!(error instanceof DecodeError)) {
        return new LoadError({ reason: "Malformed", detail: `${what} cannot be read` })
      }
      const { feature, message, offset, reason } = error
      const detail = feature === undefined ? message : `${what} uses ${feature}: not supported; build it without`
      return new LoadError({ reason, detail, offset: from + offset })
    }
  })

/**
 * The check of one type; of no type, undefined is the only value. Build it
 * once: its price is in the building.
 *
 * @category constructors
 * @since 0.1.0
 */
export const check = (type: WitType | undefined): Check =>
  type === undefined
    ? (value) => value === undefined ? undefined : "expected no value"
    : WitValue.checker(type)

/**
 * The first problem of a call's arguments, with the name of the parameter.
 *
 * @category combinators
 * @since 0.1.0
 */
export const checkArguments = (
  func: { readonly params: ReadonlyArray<Field> },
  args: ReadonlyArray<unknown>
): string | undefined => {
  if (args.length !== func.params.length) return `takes ${func.params.length} arguments, not ${args.length}`
  for (const [index, { name, type }] of func.params.entries()) {
    const problem = check(type)(args[index])
    if (problem !== undefined) return `${name}: ${problem}`
  }
  return undefined
}

const pageSize = 65_536

const maximumElements = 100_000

const maximumInstances = 64

const maximumMemories = 8

/**
 * Core modules whose memories together cannot exceed `limit` bytes, or why that
 * cannot be.
 *
 * **Details**
 *
 * Each memory gets its minimum. What is left is shared equally between those
 * that may grow, none getting more than it declares. One instance may have 64
 * core instances and 8 memories. Each memory gets an export of its own, so that
 * an engine can measure it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitMemory = (
  modules: ReadonlyArray<CoreModuleUse>,
  limit: number
): Result.Result<ReadonlyArray<Uint8Array>, string> => {
  const declared: Array<CoreModule.Declared> = []
  try {
    for (const { bytes } of modules) declared.push(CoreModule.memories(bytes))
  } catch (error) {
    if (error instanceof DecodeError) return Result.fail(error.message)
    throw error
  }
  const instances = modules.reduce((sum, _) => sum + _.instantiations, 0)
  if (instances > maximumInstances) {
    return Result.fail(`the component has ${instances} core instances, at most ${maximumInstances} are allowed`)
  }
  const memories = modules.flatMap(({ instantiations }, index) =>
    declared[index]!.defined.map((memory) => ({ ...memory, instantiations, granted: memory.minimum }))
  ).filter((_) => _.instantiations > 0)
  const count = memories.reduce((sum, _) => sum + _.instantiations, 0)
  if (count > maximumMemories) {
    return Result.fail(`the component has ${count} memories, at most ${maximumMemories} are allowed`)
  }
  const minimum = memories.reduce((sum, _) => sum + _.minimum * _.instantiations, 0)
  const pages = Math.floor(limit / pageSize)
  if (minimum > pages) {
    return Result.fail(`the component starts with ${minimum * pageSize} bytes of memory, its limit is ${limit}`)
  }
  share(memories, pages - minimum, pageSize)
  let next = 0
  return Result.succeed(modules.map(({ bytes, instantiations }, index) => {
    const { defined, imported } = declared[index]!
    if (instantiations === 0) return bytes
    const maxima = defined.map(() => memories[next++]!.granted)
    return MemoryExports.add(CoreModule.limitMemories(bytes, maxima), imported.length, defined.length)
  }))
}

/**
 * Core modules whose tables together cannot exceed 100,000 elements, or why
 * that cannot be. The elements are shared as {@link limitMemory} shares pages.
 *
 * **Details**
 *
 * A table is memory of the host: one that grows to millions of elements ends
 * the whole process, and takes seconds to fill without a chance to stop it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitTables = (
  modules: ReadonlyArray<CoreModuleUse>
): Result.Result<ReadonlyArray<Uint8Array>, string> => {
  const declared: Array<CoreModule.Declared> = []
  try {
    for (const { bytes } of modules) declared.push(CoreModule.tables(bytes))
  } catch (error) {
    if (error instanceof DecodeError) return Result.fail(error.message)
    throw error
  }
  const tables = modules.flatMap(({ instantiations }, index) =>
    declared[index]!.defined.map((table) => ({ ...table, instantiations, granted: table.minimum }))
  ).filter((_) => _.instantiations > 0)
  const minimum = tables.reduce((sum, _) => sum + _.minimum * _.instantiations, 0)
  if (minimum > maximumElements) {
    return Result.fail(
      `the component starts with ${minimum} elements in its tables, at most ${maximumElements} are allowed`
    )
  }
  share(tables, maximumElements - minimum, maximumElements)
  let next = 0
  return Result.succeed(modules.map(({ bytes, instantiations }, index) =>
    instantiations === 0
      ? bytes
      : CoreModule.limitTables(bytes, declared[index]!.defined.map(() => tables[next++]!.granted))
  ))
}

interface Share {
  readonly minimum: number
  readonly maximum: number | undefined
  readonly instantiations: number
  granted: number
}

const share = (all: ReadonlyArray<Share>, amount: number, highest: number): void => {
  const wish = (_: Share): number => (_.maximum ?? highest) - _.minimum
  const waiting = [...all].sort((a, b) => wish(a) - wish(b))
  let left = amount
  let sharers = waiting.reduce((sum, _) => sum + _.instantiations, 0)
  for (const one of waiting) {
    const given = Math.min(wish(one), Math.floor(left / sharers))
    one.granted = one.minimum + given
    left -= given * one.instantiations
    sharers -= one.instantiations
  }
}
