/**
 * WIT packages: reading, checking and encoding them.
 *
 * A guest's folder holds its own package, further packages in `deps/`, and
 * finds `airssys:core` by itself.
 *
 * @since 0.1.0
 */
import { BuildError } from "./BuildError.ts"
import { encode } from "./internal/wasmTools.ts"
import type { WitSource } from "./internal/witSource.ts"
import { fromPath, fromText } from "./internal/witSource.ts"
import { check, refused, resolveWorld } from "./internal/witWorld.ts"

/**
 * Where WIT is: a file or folder, or its text. Text may hold further packages
 * as `package ns:name@1.0.0 { … }` blocks.
 *
 * @category models
 * @since 0.1.0
 */
export type WitInput = { readonly path: string } | { readonly source: string }

/**
 * A component without code that carries the types of a world.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodedWit {
  readonly bytes: Uint8Array
  /** For example `acme:rates/plugin@1.2.0`. */
  readonly world: string
  /** The files read, relative to the working directory; `airssys:core` among them if it is used. */
  readonly files: ReadonlyArray<string>
}

const load = (wit: WitInput): Promise<WitSource> => "path" in wit ? fromPath(wit.path) : fromText(wit.source)

/**
 * Encodes a world as a component that has its types and no code. `world` may
 * be left out where a package has one; it is a plain name or an id with or
 * without version. Rejects with a `BuildError` that has file, line and column.
 *
 * @category constructors
 * @since 0.1.0
 */
export const encodeWit = async (wit: WitInput, world?: string | undefined): Promise<EncodedWit> => {
  const source = await load(wit)
  check(source)
  const { id } = resolveWorld(source, world)
  const reply = await encode({ wat: undefined, wit: source.text, world: id })
  if (reply._tag === "Refused") {
    throw reply.broken
      ? new BuildError({ reason: "Tool", problem: `wasm-tools stopped: ${reply.message}` })
      : refused(source, reply.message)
  }
  return { bytes: reply.bytes, world: id, files: source.files.map((file) => file.path) }
}
