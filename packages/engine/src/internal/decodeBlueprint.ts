/**
 * Reads a component binary to what it is and what instantiating it does.
 */
import type { ComponentDescription, DecodeOptions } from "../ComponentBinary.ts"
import { DecodeError } from "../DecodeError.ts"
import type { Blueprint, ModuleSource } from "./blueprint.ts"
import { Parser } from "./componentParser.ts"
import { countModules } from "./moduleCounts.ts"
import { Budget, Reader } from "./reader.ts"
import { atOnce } from "./steps.ts"
import type { Steps } from "./steps.ts"
import { worldOf } from "./worldOf.ts"

export interface ParsedComponent {
  readonly description: ComponentDescription
  readonly blueprint: Blueprint
  /** All of the binary, by their `index`. */
  readonly modules: ReadonlyArray<ModuleSource>
}

/** Several times what components take that compilers make: a small one is refused soon. */
const itemsOf = (bytes: number): number => Math.min(1_000_000, 5_000 + 8 * bytes)

export const parseComponent = (bytes: Uint8Array, options?: DecodeOptions): ParsedComponent =>
  atOnce(parsing(bytes, options))

/** Reads a component in steps of far less than a millisecond. */
export function* parsing(bytes: Uint8Array, options: DecodeOptions = {}): Steps<ParsedComponent> {
  const maxBytes = options.maxBytes ?? 64 * 1_024 * 1_024
  if (bytes.length > maxBytes) {
    throw new DecodeError({
      reason: "TooLarge",
      offset: maxBytes,
      section: "component",
      message: `${bytes.length} bytes, at most ${maxBytes} are allowed`
    })
  }
  const maxTypeSize = options.maxTypeSize ?? 1_000_000
  const reader = new Reader(bytes, 0, bytes.length, "component", new Budget(options.maxItems ?? itemsOf(bytes.length)))
  const parser = new Parser(reader, {
    maxTypeSize,
    maxTypeDepth: options.maxTypeDepth ?? 100,
    maxComponentDepth: options.maxComponentDepth ?? 32
  })
  const { blueprint, node } = yield* parser.component(reader, undefined, [])
  yield
  const world = worldOf(parser.nodes, node)
  yield
  const counts = countModules(reader, blueprint)
  return {
    description: {
      world,
      coreModules: parser.modules.map(({ index, offset, size, path }) => ({
        offset,
        size,
        path,
        instances: counts.get(index) ?? 0
      })),
      customSections: parser.customSections,
      size: bytes.length
    },
    blueprint,
    modules: parser.modules
  }
}
