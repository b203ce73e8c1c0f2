/**
 * Text from guests, manifests and file names made safe to show.
 *
 * A terminal obeys control characters and reorders text around bidirectional
 * marks, so a name could hide or forge a line of a report. Everything that did
 * not come from the host's own program goes through `escape` before it is
 * shown.
 *
 * @since 0.1.0
 */

const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

const codePoint = (character: string): string => (character.codePointAt(0) ?? 0).toString(16)

/**
 * Replaces control, format, bidirectional, unassigned and separator characters
 * by `\u{hex}` and cuts the text after `limit` characters (default 512),
 * naming how many were left out.
 *
 * ```ts
 * import { SafeText } from "airssys/security"
 *
 * SafeText.escape("STRIPE\u202E_KEY\n") // => "STRIPE\\u{202e}_KEY\\u{a}"
 * SafeText.escape("abcdef", 4) // => "abcd... (2 more)"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const escape = (text: string, limit = 512): string => {
  const shown = text.length > limit ? text.slice(0, limit) : text
  const escaped = shown.replace(hostile, (character) => `\\u{${codePoint(character)}}`)
  return text.length > limit ? `${escaped}... (${text.length - limit} more)` : escaped
}

/**
 * Escapes each line of a text and keeps its line ends: for reports of several
 * lines in which every value was quoted before.
 *
 * @category combinators
 * @since 0.1.0
 */
export const escapeLines = (text: string): string => text.split("\n").map((line) => escape(line)).join("\n")

/**
 * Writes text as a TOML basic string, quotes included, with everything that
 * `escape` would replace written as a TOML escape.
 *
 * @category combinators
 * @since 0.1.0
 */
export const tomlString = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replace(hostile, (character) => `\\U${codePoint(character).padStart(8, "0")}`)}"`
