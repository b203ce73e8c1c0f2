/**
 * Why bytes are no component or core module that this engine describes.
 *
 * @since 0.1.0
 */

/**
 * Thrown by `ComponentBinary.decode` and `CoreModule`.
 *
 * `Malformed` bytes break the format, `Refused` ones use a feature that is left
 * out (named in `feature`), `TooLarge` ones exceed a limit. `offset` is the byte
 * position in the input, `section` what was being read there. `message` does
 * not repeat the offset; text taken from the input is escaped in it.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecodeError extends Error {
  readonly _tag = "DecodeError"
  override readonly name = "DecodeError"
  readonly reason: "Malformed" | "Refused" | "TooLarge"
  readonly offset: number
  readonly section: string
  readonly feature: string | undefined

  constructor(fields: {
    readonly reason: "Malformed" | "Refused" | "TooLarge"
    readonly offset: number
    readonly section: string
    readonly message: string
    readonly feature?: string | undefined
  }) {
    super(fields.message)
    this.reason = fields.reason
    this.offset = fields.offset
    this.section = fields.section
    this.feature = fields.feature
  }
}
