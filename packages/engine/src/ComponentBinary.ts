/**
 * Reads a component binary and says what it is, without running any of it.
 *
 * `decode` validates a component but for the code of its core modules, resolves
 * every import and export of the outermost one to WIT types and locates the core
 * modules inside. It is bounded in time and memory on any input.
 *
 * @since 0.1.0
 */
import { parseComponent } from "./internal/decodeBlueprint.ts"
import type { World } from "./WitType.ts"

/**
 * A core module inside a component: `size` bytes at `offset` of the input.
 *
 * `path` holds the index of each nested component on the way, then the index of
 * the module in the innermost one. `instances` is how often one instance of the
 * outermost component instantiates this module.
 *
 * @category models
 * @since 0.1.0
 */
export interface CoreModuleLocation {
  readonly offset: number
  readonly size: number
  readonly path: ReadonlyArray<number>
  readonly instances: number
}

/**
 * A custom section of the outermost component (`path` empty) or of a nested one:
 * its content is `size` bytes at `offset` of the input.
 *
 * @category models
 * @since 0.1.0
 */
export interface CustomSection {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly path: ReadonlyArray<number>
}

/**
 * What a component imports, exports and contains. `size` is the length of the
 * binary in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ComponentDescription {
  readonly world: World
  readonly coreModules: ReadonlyArray<CoreModuleLocation>
  readonly customSections: ReadonlyArray<CustomSection>
  readonly size: number
}

/**
 * Bounds on the input. Defaults: 64 MiB of bytes, 1,000,000 parts in one type
 * written out as a tree and in all types of the world together, types nested
 * 100 deep, components and their types nested 32 deep, 5,000 items (list
 * members, copies of types, comparisons) and 8 for each byte, at most 1,000,000.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeOptions {
  readonly maxBytes?: number | undefined
  readonly maxTypeSize?: number | undefined
  readonly maxTypeDepth?: number | undefined
  readonly maxComponentDepth?: number | undefined
  readonly maxItems?: number | undefined
}

/**
 * Describes a component. Throws `DecodeError` when the bytes are malformed, use
 * a feature that is left out (streams, futures, async lift, GC, values, component
 * start functions, imports of components and core modules), or exceed a limit.
 *
 * **Details**
 *
 * A type that an interface takes from another one by `use` keeps the interface
 * that defines it as `owner`. Names that differ in case alone are malformed, and
 * those that JavaScript writes alike (`a1` and `a-1`) are refused. Exported
 * components, core modules and types of functions, instances and components are
 * of no use to a host and left out. An interface that is imported and exported
 * has one id: the types of both sides have the same names, but their resources
 * are different ones.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array, options: DecodeOptions = {}): ComponentDescription =>
  parseComponent(bytes, options).description
