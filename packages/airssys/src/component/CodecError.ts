/**
 * Why bytes were not read as a codec says, or a value not written.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Codec } from "./Payload.ts"

/**
 * Nothing was decoded or encoded. `offset` is the byte where reading stopped,
 * where that is known. What is read is not shown: a peer may have chosen it.
 *
 * @category errors
 * @since 0.1.0
 */
export class CodecError extends Schema.TaggedError<CodecError>("airssys/component/CodecError")("CodecError", {
  codec: Codec,
  reason: Schema.Literals([
    /** More bytes than allowed. */
    "TooLarge",
    /** Arrays, maps and options within each other beyond the limit. */
    "TooDeep",
    /** More values than allowed. */
    "TooManyElements",
    /** The bytes end within a value. */
    "Truncated",
    /** Bytes behind the value. */
    "Trailing",
    /** Against the grammar of the codec. */
    "Malformed",
    /** A text that is not UTF-8. */
    "NotUtf8",
    /** A key twice in one map. */
    "DuplicateKey",
    /** Well-formed, and not taken here: an unknown tag, an open length. */
    "Unsupported",
    /** A value that the codec cannot carry. */
    "Unencodable",
    /** Not a value of the schema. */
    "Mismatch",
    /** A payload of another codec. */
    "OtherCodec"
  ]),
  detail: Schema.String,
  offset: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return this.offset === undefined
      ? `${this.codec}: ${this.detail}`
      : `${this.codec}: ${this.detail} (at byte ${this.offset})`
  }
}
