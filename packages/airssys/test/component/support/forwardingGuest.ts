/**
 * A guest that gives out what its host gives in: each function of an interface
 * that it imports is exported by `acme:probe/probe` with the same type.
 */
import { component, memory } from "./guests.ts"

/**
 * How a function looks to a core module: its flat parameters, and whether its
 * result is written to memory. A name that is a word of WIT begins with `%`.
 */
export interface Forwarded {
  readonly name: string
  readonly type: string
  readonly params?: ReadonlyArray<"i32" | "i64" | "f64">
  readonly result?: "i32" | "i64" | "memory"
}

const area = 1024

const forward = (owner: string, { name, params = [], result }: Forwarded, index: number) => {
  const plain = name.replace("%", "")
  const flat = params.join(" ")
  const inMemory = result === "memory"
  const given = params.map((_, at) => `(local.get ${at})`).join(" ")
  const result32 = result === undefined ? "" : `(result ${inMemory ? "i32" : result})`
  return {
    imported: `(import "${owner}" "${plain}" (func $f${index} (param ${flat}${inMemory ? " i32" : ""}) ${
      inMemory ? "" : result32
    }))`,
    exported: `(func (export "acme:probe/probe@1.0.0#${plain}") (param ${flat}) ${result32}
  (call $f${index} ${given}${inMemory ? ` (i32.const ${area})) (i32.const ${area})` : ")"})`
  }
}

/**
 * `packages` is the text of other packages in braces; `owner` the interface
 * whose `functions` are forwarded; `types` what the probe uses of it, such as
 * `use airssys:core/types@0.1.0.{error};`. Further exports are WAT.
 */
export const forwardingGuest = (options: {
  readonly owner: string
  readonly functions: ReadonlyArray<Forwarded>
  readonly packages: string
  readonly types?: string
  readonly own?: { readonly wit: string; readonly wat: string }
}): Promise<Uint8Array<ArrayBuffer>> => {
  const functions = options.functions.map((one, index) => forward(options.owner, one, index))
  return component(
    `(module
 ${functions.map(({ imported }) => imported).join("\n ")}
 ${memory()}
 ${functions.map(({ exported }) => exported).join("\n ")}
 ${options.own?.wat ?? ""}
)`,
    `package acme:probe@1.0.0;
interface probe {
  ${options.types ?? ""}
  ${options.functions.map(({ name, type }) => `${name}: ${type};`).join("\n  ")}
  ${options.own?.wit ?? ""}
}
world plugin {
  import ${options.owner};
  export probe;
}
${options.packages}`
  )
}
