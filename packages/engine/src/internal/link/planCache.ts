/**
 * Makes plans: from what a cache kept of the component, or from the component.
 *
 * The order is what makes it safe: original modules are validated, then metered,
 * then compiled. An entry of the cache replaces the first two, and only if it
 * is of this component, this engine and these options, and has the shape of the
 * component; anything else is as if there were none. Modules of an entry are
 * compiled while the component is decoded, which runs nothing of them.
 */
import type { Script } from "../../Compilers.ts"
import { version as costTable } from "../../CostTable.ts"
import { type EngineCache, RefusedEntry } from "../../EngineCache.ts"
import type { World } from "../../WitType.ts"
import type { ModuleSource } from "../blueprint.ts"
import { version } from "../version.ts"
import { artifactOf, encodeArtifact, format, openArtifact } from "./artifact.ts"
import type { Opened } from "./artifact.ts"
import type { Expansion } from "./expansion.ts"
import { compile, complete, modulesOf, prepare } from "./plan.ts"
import type { Means, Plan, Prepared } from "./plan.ts"

/** A component that was decoded. */
export interface Decoded {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly world: World
  readonly expansion: Expansion
  /** All core modules, also those that no instance needs. */
  readonly modules: ReadonlyArray<ModuleSource>
}

/** What was found for a component. */
export interface Kept {
  readonly cache: EngineCache
  readonly key: string
  /** Undefined where there is no entry, or none of this key. */
  readonly entry: {
    readonly opened: Opened
    /** Its modules. */
    readonly compiling: Promise<ReadonlyArray<object>>
  } | undefined
}

export class PlanCache {
  readonly #means: Means
  readonly #cache: EngineCache | undefined
  /** What plans depend on besides the component. */
  readonly #policy: string

  constructor(fields: {
    readonly means: Means
    readonly cache: EngineCache | undefined
    readonly limits: Readonly<Record<string, number>>
  }) {
    this.#means = fields.means
    this.#cache = fields.cache
    this.#policy = [
      `airssys plan ${format}`,
      `engine ${version}`,
      `costs ${costTable}`,
      `runtime ${JSON.stringify(fields.cache?.runtime)}`,
      `relaxed SIMD ${fields.means.relaxedSimd}`,
      ...Object.entries(fields.limits).map(([name, value]) => `${name} ${value}`)
    ].join("\n")
  }

  /** Reads and compiles what is kept of a component, which can be done while that is decoded. Does not reject. */
  async lookUp(digest: string): Promise<Kept | undefined> {
    const cache = this.#cache
    if (cache === undefined) return undefined
    const key = await sha256(new TextEncoder().encode(`${this.#policy}\ncomponent ${digest}`))
    try {
      const bytes = await cache.get(key)
      if (bytes !== undefined) return { cache, key, entry: this.#open(cache, key, bytes) }
      cache.report?.({ kind: "miss", key })
    } catch (error) {
      if (error instanceof RefusedEntry) cache.report?.({ kind: "refused", key, detail: error.message })
      else cache.report?.({ kind: "failed", key, detail: String(error) })
    }
    return { cache, key, entry: undefined }
  }

  #open(cache: EngineCache, key: string, bytes: Uint8Array<ArrayBuffer>): Kept["entry"] {
    try {
      const opened = openArtifact(key, bytes)
      return { opened, compiling: compile(opened.modules, this.#means, opened.heavy) }
    } catch (error) {
      refused(cache, key, error)
      return undefined
    }
  }

  /** Makes the plan of a component, of which this is kept. Rejects with `DecodeError`. */
  async plan(decoded: Decoded, kept: Kept | undefined): Promise<Plan> {
    if (kept === undefined) return (await this.#make(decoded)).plan
    const { cache, entry, key } = kept
    const restored = entry === undefined ? undefined : await this.#restore(cache, key, entry, decoded)
    if (restored !== undefined) return restored
    const { plan, prepared, script } = await this.#make(decoded)
    void this.#keep(cache, key, prepared, script)
    return plan
  }

  async #make(
    { bytes, expansion, modules, world }: Decoded
  ): Promise<{ readonly plan: Plan; readonly prepared: Prepared; readonly script: Script }> {
    const prepared = await prepare(bytes, expansion, modules, this.#means)
    const compiling = compile(prepared.modules, this.#means, prepared.heavy)
    const { compilers } = this.#means
    const { plan, script } = await complete(world, expansion, { prepared, code: undefined }, compilers, compiling)
    return { plan, prepared, script }
  }

  async #restore(
    cache: EngineCache,
    key: string,
    { compiling, opened }: NonNullable<Kept["entry"]>,
    { expansion, world }: Decoded
  ): Promise<Plan | undefined> {
    try {
      const artifact = artifactOf(opened, expansion)
      const { plan } = await complete(world, expansion, artifact, this.#means.compilers, compiling)
      for (const source of modulesOf(expansion)) fits(source, plan)
      cache.report?.({ kind: "hit", key })
      return plan
    } catch (error) {
      refused(cache, key, error)
      return undefined
    }
  }

  async #keep(cache: EngineCache, key: string, prepared: Prepared, script: Script): Promise<void> {
    try {
      const code = script.code?.()
      await cache.put(key, encodeArtifact(key, { prepared, code: code === undefined ? undefined : code.slice() }))
      cache.report?.({ kind: "stored", key })
    } catch (error) {
      cache.report?.({ kind: "failed", key, detail: String(error) })
    }
  }
}

const refused = (cache: EngineCache, key: string, error: unknown): void =>
  cache.report?.({ kind: "refused", key, detail: error instanceof Error ? error.message : String(error) })

/** A restored module takes what the original takes, and gives what it and its meter give. */
const fits = ({ index, type }: ModuleSource, plan: Plan): void => {
  const compiled = plan.compiled.get(index)
  if (compiled === undefined) throw new RefusedEntry("it lacks a module")
  const { metered: { names }, module } = compiled
  const wanted = new Map<string, string>([
    [names.setFuel, "function"],
    [names.fuel, "function"],
    [names.init, "function"],
    [names.hooks, "table"],
    ...names.start === undefined ? [] : [[names.start, "function"] as const],
    ...names.memories.map((name) => [name, "memory"] as const),
    ...names.tables.map((name) => [name, "table"] as const)
  ])
  for (const [name, { sort }] of type.exports) wanted.set(name, kindOf(sort))
  const exports = WebAssembly.Module.exports(module)
  const imports = WebAssembly.Module.imports(module)
  if (
    exports.length !== wanted.size || exports.some(({ kind, name }) => wanted.get(name) !== kind) ||
    imports.length !== type.imports.length || imports.some((one, i) => {
      const original = type.imports[i]
      return original === undefined || one.module !== original.module || one.name !== original.name ||
        one.kind !== kindOf(original.extern.sort)
    })
  ) throw new RefusedEntry("it has a module of another shape")
}

const kindOf = (sort: string): string => sort === "func" ? "function" : sort

/** The digest in lower-case hex. */
export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
