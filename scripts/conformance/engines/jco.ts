/**
 * jco, the second opinion: transpiles a component in this process and runs what
 * comes out with nothing but the language in reach.
 *
 * It belongs in a process that is thrown away after a few components, because a
 * component can leave the transpiler broken for the next one.
 */
import * as Trap from "@airssys/engine/Trap"
import { camelCase } from "@airssys/engine/WitValue"
import { type Component, type Engine, type Imports, type Instance, Refused, Trapped } from "./contract.ts"

type Callable = (...args: ReadonlyArray<unknown>) => unknown
type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: unknown,
  instantiateCore: (module: WebAssembly.Module, imports?: WebAssembly.Imports) => WebAssembly.Instance
) => unknown

/** Its transpiler is read by the first component. */
export const make = async (): Promise<Engine> => ({ name: "jco", load })

const load = async (bytes: Uint8Array): Promise<Component> => {
  let source = ""
  const modules = new Map<string, WebAssembly.Module>()
  for (const [name, content] of await transpile(bytes)) {
    if (name.endsWith(".js")) source = new TextDecoder().decode(content)
    else if (name.endsWith(".wasm")) modules.set(name, compile(Uint8Array.from(content)))
  }
  const instantiate = evaluate(source)
  return { instantiate: (imports) => link(instantiate, modules, imports) }
}

const transpile = async (bytes: Uint8Array) => {
  const { $init, generate } = await import("@bytecodealliance/jco-transpile/component")
  await $init
  try {
    return generate(bytes, {
      name: "component",
      instantiation: { tag: "sync" },
      validLiftingOptimization: false,
      noComponentErrorWrapping: true,
      noNodejsCompat: true,
      noTypescript: true,
      base64Cutoff: 0,
      multiMemory: true
    }).files
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error
    throw new Refused(messageOf(error))
  }
}

const compile = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module => {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    throw new Refused(messageOf(error))
  }
}

const messageOf = (error: unknown): string => {
  const payload = typeof error === "object" && error !== null && "payload" in error ? error.payload : undefined
  return String(payload ?? (error instanceof Error ? error.message : error)).replaceAll(/\s+/g, " ").slice(0, 500)
}

const entry = /\nexport function instantiate\(/
const thrownResult =
  /if \(typeof retCopy === 'object' && retCopy\.tag === 'err'\) \{\s*throw retCopy\.val;\s*\}\s*return retCopy\.val;/g

/** A `result` is returned as it is instead of being unpacked or thrown. */
const evaluate = (source: string): Instantiate => {
  const body = source
    .replace(entry, "\nreturn function instantiate(")
    .replace(/\nexport const _util = \{\s*\}\s*$/, "\n")
    .replace(thrownResult, "return retCopy;")
  // oxlint-disable-next-line no-new-func
  return new Function("process", "console", "fetch", "require", `"use strict";\n${body}`)(
    undefined,
    { log() {}, debug() {}, warn() {}, error() {} },
    undefined,
    undefined
  )
}

const link = (instantiate: Instantiate, modules: ReadonlyMap<string, WebAssembly.Module>, imports: Imports) => {
  const getCoreModule = (name: string): WebAssembly.Module => {
    const module = modules.get(name)
    if (module === undefined) throw new Error(`jco wrote no core module ${name}`)
    return module
  }
  const exports = running(() =>
    instantiate(
      getCoreModule,
      imports === "stubs" ? stubs() : Object.create(null),
      (module, given) => new WebAssembly.Instance(module, given)
    )
  )
  return {
    invoke: (owner, name, args) => {
      const found = callable(namespace(exports, owner), name)
      if (found === undefined) throw new Error(`jco gives no export ${name}`)
      return running(() => found(...args))
    }
  } satisfies Instance
}

const called = (): never => {
  throw new Error("a host function failed: there is nothing behind this import")
}

/** An object of which every member can be called and throws, and is a class of such methods. */
const stubs = (): unknown => {
  const stub = (): unknown =>
    new Proxy(function() {}, {
      get: (target, key) => key === "prototype" ? prototype : Reflect.get(target, key),
      apply: () => called(),
      construct: () => called()
    })
  const prototype = new Proxy(Object.create(null), { get: (_, key) => typeof key === "string" ? called : undefined })
  const namespace = new Proxy(Object.create(null), {
    get: (_, key) => typeof key === "string" ? stub() : undefined
  })
  return new Proxy(Object.create(null), { get: () => namespace })
}

/** An interface is exported by its id, or in camelCase where it has a plain name. */
const namespace = (exports: unknown, owner: string | undefined): unknown =>
  owner === undefined ? exports : member(exports, owner) ?? member(exports, camelCase(owner))

/** Kebab-case, camelCase and all their spellings name one thing here. */
const normalise = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const member = (table: unknown, key: string): unknown =>
  (typeof table === "object" || typeof table === "function") && table !== null && Object.hasOwn(table, key)
    ? (table as Record<string, unknown>)[key]
    : undefined

/** Classes have a capital, and a function may have the same name without it. */
const lookup = (table: unknown, name: string, isClass: boolean): unknown => {
  const keys = Object.keys(table ?? {}).filter((key) =>
    normalise(key) === normalise(name) && /^[A-Z]/.test(key) === isClass
  )
  return keys.length === 1 ? member(table, keys[0]!) : undefined
}

/** A function, or the constructor or a static method of a class. */
const callable = (table: unknown, name: string): Callable | undefined => {
  const [, kind, resource = name, method] = /^\[(constructor|static)\]([^.]+)(?:\.(.+))?$/.exec(name) ?? []
  const found = lookup(table, resource, kind !== undefined)
  if (typeof found !== "function") return undefined
  if (kind === "constructor") return (...args) => Reflect.construct(found, args)
  if (kind === undefined) return found as Callable
  const names = Object.getOwnPropertyNames(found).filter((key) => normalise(key) === normalise(method ?? ""))
  return names.length === 1 ? (member(found, names[0]!) as Callable) : undefined
}

const running = <A>(run: () => A): A => {
  try {
    return run()
  } catch (error) {
    throw new Trapped(categoryOf(error), messageOf(error))
  }
}

/** jco says some things by errors of its own. */
const own: ReadonlyArray<readonly [pattern: RegExp, category: string]> = [
  [/host function failed/, "HostFailure"],
  [/offset|buffer|typed array/i, "MemoryOutOfBounds"],
  [/call stack/, "StackOverflow"]
]

const categoryOf = (error: unknown): string => {
  const message = messageOf(error)
  const category = Trap.categoryOf(message)
  if (category !== "Other") return category
  return own.find(([pattern]) => pattern.test(message))?.[1] ?? (error instanceof TypeError ? "InvalidValue" : "Other")
}
