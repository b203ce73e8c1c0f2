/** What the handles of a guest stand for. */
import { stop } from "./serving.ts"

const foreign = (): never => stop("Denied", "the handle stands for something else")

/** A stream at its end. */
export class Input {
  readonly _tag = "Input"

  static readonly of = (value: unknown): Input => value instanceof Input ? value : foreign()
}

const longestLine = 8 * 1024

/** Most bytes of one write. */
export const room = 65_536

/** Takes lines to where they are written; what follows the last line end waits for more. */
export class Output {
  readonly _tag = "Output"
  readonly #line: (text: string) => void
  readonly #decoder = new TextDecoder()
  #pending = ""

  constructor(line: (text: string) => void) {
    this.#line = line
  }

  static readonly of = (value: unknown): Output => value instanceof Output ? value : foreign()

  static readonly bytes = (value: unknown): Uint8Array => {
    if (!(value instanceof Uint8Array)) return foreign()
    return value.length > room ? stop("Denied", `takes at most ${room} bytes at once`) : value
  }

  write(bytes: Uint8Array): void {
    const lines = (this.#pending + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n/)
    const rest = lines.pop() ?? ""
    const isLong = rest.length > longestLine
    this.#pending = isLong ? "" : rest
    for (const line of isLong ? [...lines, rest] : lines) if (line !== "") this.#line(line)
  }
}

/** Is ready. */
export class Pollable {
  readonly _tag = "Pollable"

  static readonly of = (value: unknown): Pollable => value instanceof Pollable ? value : foreign()

  static readonly all = (value: unknown): ReadonlyArray<Pollable> =>
    Array.isArray(value) ? value.map(Pollable.of) : foreign()
}

/** Reaches nothing. */
export class Network {
  readonly _tag = "Network"
}
