/**
 * Guests written in WAT: whole components, or one core module and what it imports and exports.
 */
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import * as Engine from "../../src/Engine.ts"
import type { Instance } from "../../src/Instance.ts"
import { Trap } from "../../src/Trap.ts"

/** A component of a core module in WAT and the world of a WIT text. */
export const embedded = async (
  wat: string,
  witSource: string,
  stringEncoding: "utf8" | "utf16" | "compact-utf16" = "utf8"
): Promise<Uint8Array> => componentNew(await componentEmbed({ binary: await parse(wat), witSource, stringEncoding }))

/** The canonical options of functions of `parts`. */
const canon = (encoding: string) =>
  `(memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) ${encoding}`

export interface Parts {
  /** By name: the type of the component's import, and the core type that its lowered function has. */
  readonly imports?: Readonly<Record<string, readonly [type: string, core: string]>> | undefined
  /** Fields of the module. It has the memory `$memory`, `$realloc` and its imports by name. */
  readonly core?: string | undefined
  /** By name: the type of the export. The core function has the same name; `post-` and it is its post-return. */
  readonly exports?: Readonly<Record<string, string>> | undefined
  readonly encoding?: "utf8" | "utf16" | "latin1+utf16" | undefined
  /** The body of realloc, from four i32 to one. */
  readonly realloc?: string | undefined
  /** More fields of the module with memory and realloc. */
  readonly libc?: string | undefined
  readonly pages?: number | undefined
  /** What the component has before everything else. */
  readonly before?: string | undefined
  /** What it has at its end; `$i` is the core instance, `$libc` the one with the memory. */
  readonly after?: string | undefined
}

const bump = `(local $at i32)
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
  (global.set $next (i32.add (local.get $at) (local.get 3)))
  (block $fits
    (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
    (br_if $fits (i32.ne (i32.const -1)
      (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))))
    unreachable)
  (local.get $at)`

/** The text of a component: memory and realloc in one core instance, all else in another. */
export const parts = (options: Parts): string => {
  const { after = "", before = "", core = "", encoding = "utf8", exports = {}, imports = {}, libc = "", pages = 1 } =
    options
  const names = Object.keys(imports)
  const how = canon(`string-encoding=${encoding}`)
  return `(component ${before}
    ${names.map((name) => `(import "${name}" (func $${name} ${imports[name]?.[0]}))`).join("\n")}
    (core module $Libc
      (memory $memory (export "memory") ${pages})
      (global $next (mut i32) (i32.const 4096))
      ${libc}
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) ${options.realloc ?? bump}))
    (core instance $libc (instantiate $Libc))
    ${names.map((name) => `(core func $low-${name} (canon lower (func $${name}) ${how}))`).join("\n")}
    (core module $M
      (import "libc" "memory" (memory $memory 0))
      (import "libc" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      ${names.map((name) => `(import "host" "${name}" (func $${name} ${imports[name]?.[1]}))`).join("\n")}
      ${core})
    (core instance $i (instantiate $M
      (with "libc" (instance $libc))
      (with "host" (instance ${names.map((name) => `(export "${name}" (func $low-${name}))`).join(" ")}))))
    ${
    Object.entries(exports).map(([name, type]) => {
      const post = core.includes(`"post-${name}"`) ? `(post-return (core func $i "post-${name}"))` : ""
      return `(func (export "${name}") ${type} (canon lift (core func $i "${name}") ${how} ${post}))`
    }).join("\n")
  }
    ${after})`
}

export const assemble = (text: string): Promise<Uint8Array> => parse(text)

export const engine: Engine.Engine = Engine.make()

export const load = async (text: string): Promise<Engine.Component> => engine.load(await parse(text))

/** Host functions of the world itself. */
export const world = (functions: Readonly<Record<string, Engine.HostFunc["call"] | Engine.HostFunc>>): Engine.Imports =>
  new Map([[
    "",
    new Map(
      Object.entries(functions).map(([name, one]) => [name, typeof one === "function" ? { call: one } : one])
    )
  ]])

export interface Given {
  readonly imports?: Parameters<typeof world>[0] | undefined
  readonly limits?: Engine.Limits | undefined
}

/** An instance of a component in WAT; `imports` are functions of the world itself. */
export const run = async (text: string, { imports = {}, limits }: Given = {}): Promise<Instance> =>
  engine.instantiate(await load(text), { imports: world(imports), limits })

/** The error that a function throws or a promise is rejected with. */
export const failure = async (attempt: () => unknown): Promise<unknown> => {
  try {
    await attempt()
  } catch (error) {
    return error
  }
  return undefined
}

/** The category of the trap that something ends in, or what else came of it. */
export const category = async (attempt: () => unknown): Promise<unknown> => {
  const error = await failure(attempt)
  return error instanceof Trap ? error.category : error ?? "nothing"
}
