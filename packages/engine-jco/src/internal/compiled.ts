/**
 * A transpiled component, compiled: what all its instances share.
 */
import * as Admission from "airssys/component/Admission"
import type { LoadedComponent } from "airssys/component/ComponentEngine"
import { InstantiateError, LoadError } from "airssys/component/ComponentError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { evaluate, type Instantiate, rewrite, UnexpectedSource, unsafeName } from "./generated.ts"
import { normalise, type Plan, type PlannedExport } from "./guest.ts"
import type { Transpiled } from "./transpiler.ts"
import type { TranspileRequest } from "./transpileWorker.ts"

type World = LoadedComponent["world"]
type Func = World["exports"][number]["functions"][number]
type WitType = Func["params"][number]["type"]

/**
 * An export as it is called: arguments are checked before the guest runs.
 */
export interface Export {
  readonly index: number
  /** `rates.latest`, for messages. */
  readonly label: string
  readonly params: ReadonlyArray<{ readonly name: string; readonly check: Admission.Check }>
  readonly result: Admission.Check
}

/**
 * An import as it is given: arguments of a worker and results of the host are checked.
 */
export interface Import {
  readonly owner: string
  readonly name: string
  readonly slot: string
  readonly returns: boolean
  readonly returnsResult: boolean
  readonly suspends: boolean
  readonly params: ReadonlyArray<Admission.Check>
  readonly result: Admission.Check
}

/**
 * The surface of a component, from its world alone.
 */
export interface Surface {
  readonly imports: ReadonlyArray<Import>
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, Export>>
  readonly planned: ReadonlyArray<PlannedExport>
  readonly results: number
  readonly suspends: boolean
  readonly request: TranspileRequest
}

const refused = (detail: string) => new LoadError({ reason: "Refused", detail })

const shown = (owner: string | undefined, name: string) => owner === undefined ? name : `${owner}#${name}`

/**
 * `acme:rates/rates@1.2.0` and `latest` as `rates.latest`.
 */
export const label = (owner: string | undefined, name: string): string =>
  owner === undefined ? name : `${owner.replace(/@.*$/, "").replace(/^.*\//, "")}.${name}`

/** A guest may import another version of an interface than the one that is named. */
const unversioned = (name: string): string => name.replace(/@[^#]*#/, "#")

/**
 * Reads a world, or says what in it jco cannot be trusted with.
 */
export const surface = (
  world: World,
  bytes: Uint8Array,
  asyncImports: ReadonlyArray<string>
): Result.Result<Surface, LoadError> => {
  const refusal = refuse(world)
  if (refusal !== undefined) return Result.fail(refused(refusal))
  const wanted = new Set(asyncImports.map(unversioned))
  const slots: Array<readonly [string, string]> = []
  const imports: Array<Import> = []
  for (const { functions, id } of world.imports) {
    const shared = `i${slots.length}`
    if (id !== undefined && functions.length > 0) slots.push([id, shared])
    for (const func of functions) {
      const slot = id === undefined ? `i${slots.length}` : shared
      if (id === undefined) slots.push([func.name, slot])
      imports.push({
        owner: id ?? "",
        name: func.name,
        slot,
        returns: func.result !== undefined,
        returnsResult: func.result?.kind === "result",
        suspends: wanted.has(unversioned(`${id ?? ""}#${func.name}`)),
        params: func.params.map((_) => Admission.check(_.type)),
        result: Admission.check(func.result)
      })
    }
  }
  const exports = new Map<string, ReadonlyMap<string, Export>>()
  const planned: Array<PlannedExport> = []
  for (const { functions, id } of world.exports) {
    const table = new Map<string, Export>()
    for (const func of functions) {
      table.set(func.name, exported(id, func, planned.length))
      planned.push({ owner: id, name: func.name })
    }
    exports.set(id ?? "", table)
  }
  const suspending = imports.filter((_) => _.suspends).map((_) => _.owner === "" ? _.name : `${_.owner}#${_.name}`)
  return Result.succeed({
    imports,
    exports,
    planned,
    results: world.exports.flatMap((_) => _.functions).filter((_) => _.result?.kind === "result").length,
    suspends: suspending.length > 0,
    request: {
      bytes,
      slots,
      suspending: suspending.length === 0
        ? undefined
        : { imports: suspending, exports: planned.map((_) => shown(_.owner, _.name)) }
    }
  })
}

const exported = (owner: string | undefined, func: Func, index: number): Export => ({
  index,
  label: label(owner, func.name),
  params: func.params.map((_) => ({ name: _.name, check: Admission.check(_.type) })),
  result: Admission.check(func.result)
})

/**
 * What jco is not given, whatever it would make of it. Names that jco would
 * write alike are refused by the decoder.
 */
const refuse = (world: World): string | undefined => {
  for (const { functions, id, resources } of [...world.imports, ...world.exports]) {
    if (resources.length > 0) {
      return `${id ?? "the world"}: resource ${resources[0]}: resources are not supported by this engine`
    }
    const asynchronous = functions.find((_) => _.async)
    if (asynchronous !== undefined) {
      return `${shown(id, asynchronous.name)}: async functions are not supported by this engine`
    }
    const seen = new Set<WitType>()
    const deep = functions.find(({ params, result }) =>
      params.some((_) => hasDeepOption(_.type, seen)) || hasDeepOption(result, seen)
    )
    if (deep !== undefined) return `${shown(id, deep.name)}: three nested options are not supported by this engine`
  }
  const own = world.exports.find((_) => _.id === undefined)?.functions ?? []
  for (const { id } of world.exports) {
    const alias = id === undefined ? undefined : normalise(id.replace(/@.*$/, "").replace(/^.*\//, ""))
    const clash = own.find((_) => normalise(_.name) === alias)
    if (clash !== undefined) return `the world exports both ${id} and a function ${clash.name}`
  }
  return undefined
}

/**
 * Whether an option holds an option that holds one: jco gives the middle one
 * as a plain value, which says less than `WitType` promises.
 */
const hasDeepOption = (type: WitType | undefined, seen: Set<WitType>): boolean => {
  if (type === undefined || seen.has(type)) return false
  seen.add(type)
  const within = (inner: WitType | undefined): boolean => hasDeepOption(inner, seen)
  switch (type.kind) {
    case "option":
      return (type.some.kind === "option" && type.some.some.kind === "option") || within(type.some)
    case "list":
      return within(type.element)
    case "result":
      return within(type.ok) || within(type.err)
    case "tuple":
      return type.items.some(within)
    case "record":
      return type.fields.some((_) => within(_.type))
    case "variant":
      return type.cases.some((_) => within(_.type))
    default:
      return false
  }
}

/**
 * Bytes that a value may have beyond the size of the memories it came from.
 */
const copyAllowance = 4 * 1024 * 1024

const plansKept = 8

/**
 * Checked and rewritten source with its core modules; plans are kept per memory limit.
 */
export class Compiled {
  readonly #source: string
  readonly #modules: ReadonlyArray<Admission.CoreModuleUse & { readonly name: string }>
  readonly #surface: Surface
  readonly #plans = new Map<number, Plan>()
  #instantiate: Instantiate | undefined = undefined

  private constructor(
    source: string,
    modules: ReadonlyArray<Admission.CoreModuleUse & { readonly name: string }>,
    surface: Surface
  ) {
    this.#source = source
    this.#modules = modules
    this.#surface = surface
  }

  static make = Effect.fnUntraced(function*(transpiled: Transpiled, surface: Surface) {
    const rewritten = yield* Effect.try({
      try: () => rewrite(transpiled.source, surface.results),
      catch: (error) =>
        new LoadError({
          reason: "EngineFailed",
          detail: error instanceof UnexpectedSource ? error.message : "jco generated source that cannot be read"
        })
    })
    const modules = yield* Effect.forEach(transpiled.modules, ({ bytes, name }) => {
      if (!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) {
        return Effect.fail(new LoadError({ reason: "Malformed", detail: "a core module is invalid" }))
      }
      return Effect.flatMap(compileModule(bytes), (module) => {
        const unsafe = unsafeName(module)
        return unsafe === undefined
          ? Effect.succeed({
            name,
            bytes,
            instantiations: rewritten.instantiations.get(name) ?? 0
          })
          : Effect.fail(refused(`a core module has the name ${JSON.stringify(unsafe.slice(0, 80))}`))
      })
    })
    return new Compiled(rewritten.source, modules, surface)
  })

  get instantiate(): Instantiate {
    return this.#instantiate ??= evaluate(this.#source)
  }

  /**
   * The plan for instances whose memories may have `limit` bytes in sum.
   */
  plan(limit: number): Effect.Effect<Plan, InstantiateError> {
    const known = this.#plans.get(limit)
    if (known !== undefined) return Effect.succeed(known)
    const tables = Admission.limitTables(this.#modules)
    if (Result.isFailure(tables)) {
      return Effect.fail(new InstantiateError({ reason: "Refused", detail: tables.failure }))
    }
    const clamped = Admission.limitMemory(
      this.#modules.map((module, index) => ({ ...module, bytes: tables.success[index]! })),
      limit
    )
    if (Result.isFailure(clamped)) {
      return Effect.fail(new InstantiateError({ reason: "MemoryLimit", detail: clamped.failure }))
    }
    const names = this.#modules.map((_) => _.name)
    return Effect.forEach(clamped.success, compileModule).pipe(
      Effect.mapError((error) => new InstantiateError({ reason: "Refused", detail: error.detail })),
      Effect.map((modules) => {
        const plan: Plan = {
          source: this.#source,
          modules: modules.map((module, index) => ({
            name: names[index]!,
            module,
            instantiations: this.#modules[index]!.instantiations
          })),
          imports: this.#surface.imports.map((_) => ({
            slot: _.slot,
            name: _.owner === "" ? "" : normalise(_.name),
            result: _.returnsResult
          })),
          exports: this.#surface.planned,
          copies: limit + copyAllowance
        }
        if (this.#plans.size >= plansKept) this.#plans.delete(this.#plans.keys().next().value!)
        this.#plans.set(limit, plan)
        return plan
      })
    )
  }
}

const compileModule = (bytes: Uint8Array) =>
  Effect.tryPromise({
    try: () => WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>),
    catch: (error) =>
      new LoadError({
        reason: "Malformed",
        detail: `a core module does not compile: ${error instanceof Error ? error.message : "unknown"}`
      })
  })
