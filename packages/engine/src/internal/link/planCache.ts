/**
 * Makes plans: from what a cache kept of the component, or from the component.
 *
 * The order is what makes it safe: original modules are validated, then metered,
 * then compiled. An entry of the cache replaces the first two, and only if it
 * is of this component, this engine and these options, and has the shape of the
 * component; anything else is as if there were none.
 */
import type { Script } from "../../Compilers.ts"
import { version as costTable } from "../../CostTable.ts"
import { type EngineCache, RefusedEntry } from "../../EngineCache.ts"
import type { World } from "../../WitType.ts"
import type { ModuleSource } from "../blueprint.ts"
import { version } from "../version.ts"
import { type Artifact, decodeArtifact, encodeArtifact, format } from "./artifact.ts"
import type { Expansion } from "./expansion.ts"
import { complete, type Means, modulesOf, type Plan, prepare, type Prepared } from "./plan.ts"

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
  readonly entry: Uint8Array<ArrayBuffer> | undefined
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

  /** Reads what is kept of a component, which can be done while that is decoded. Does not reject. */
  async lookUp(digest: string): Promise<Kept | undefined> {
    const cache = this.#cache
    if (cache === undefined) return undefined
    const key = await sha256(new TextEncoder().encode(`${this.#policy}\ncomponent ${digest}`))
    try {
      const entry = await cache.get(key)
      if (entry === undefined) cache.report?.({ kind: "miss", key })
      return { cache, key, entry }
    } catch (error) {
      if (error instanceof RefusedEntry) cache.report?.({ kind: "refused", key, detail: error.message })
      else cache.report?.({ kind: "failed", key, detail: String(error) })
      return { cache, key, entry: undefined }
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
    const { plan, script } = await complete(
      world,
      expansion,
      { prepared, code: undefined },
      this.#means,
      prepared.heavy
    )
    return { plan, prepared, script }
  }

  async #restore(
    cache: EngineCache,
    key: string,
    entry: Uint8Array<ArrayBuffer>,
    { expansion, world }: Decoded
  ): Promise<Plan | undefined> {
    try {
      const artifact = decodeArtifact(key, entry, expansion)
      const plan = await this.#complete(world, expansion, artifact)
      cache.report?.({ kind: "hit", key })
      return plan
    } catch (error) {
      cache.report?.({ kind: "refused", key, detail: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  async #complete(world: World, expansion: Expansion, artifact: Artifact): Promise<Plan> {
    const { plan } = await complete(world, expansion, artifact, this.#means, artifact.prepared.heavy)
    for (const source of modulesOf(expansion)) fits(source, plan)
    return plan
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
