/**
 * What a suite asks of an engine, and the ways in which an engine says no.
 *
 * Anything else that an engine throws is a fault of the engine.
 */

export type EngineName = "airssys" | "jco"

/** The bytes are no component, or one that the engine leaves out; then `feature` names what it uses. */
export class Refused extends Error {
  readonly feature: string | undefined

  constructor(detail: string, feature?: string) {
    super(detail)
    this.feature = feature
  }
}

/** The component cannot be instantiated with these imports. */
export class Unlinked extends Error {}

/** The guest was stopped, or is not entered because it was stopped before. */
export class Trapped extends Error {
  readonly category: string

  constructor(category: string, detail: string) {
    super(detail)
    this.category = category
  }
}

/**
 * What a component is instantiated with: `nothing`, or for each import a
 * function that throws.
 */
export type Imports = "nothing" | "stubs"

export interface Engine {
  readonly name: EngineName
  readonly load: (bytes: Uint8Array<ArrayBuffer>) => Promise<Component>
}

export interface Component {
  readonly instantiate: (imports: Imports) => Instance
}

export interface Instance {
  /** A `result` comes back as `{ tag, val }`. `owner` is the interface's id, undefined for the world. */
  readonly invoke: (owner: string | undefined, name: string, args: ReadonlyArray<unknown>) => unknown
}
