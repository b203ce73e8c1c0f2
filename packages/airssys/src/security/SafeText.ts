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

const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]/gu

const codePoint = (character: string): string => (character.codePointAt(0) ?? 0).toString(16)

/**
 * Replaces control, format, bidirectional, unassigned, separator and invisible
 * characters by `\u{hex}` and cuts the text after `limit` characters (default 512),
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

/** Words, and signs that are not of ASCII. */
const piece = /[\p{L}\p{M}\p{N}]+|[^\x00-\x7f\p{L}\p{M}\p{N}]+/gu
const sign = /^[^\p{L}\p{M}\p{N}]/u
const ascii = /^[\x00-\x7f]*$/
const latin = /\p{Script=Latin}/u
/** Letters that no language writes within a word of Latin ones. */
const foreign =
  /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u
/** Letters of other scripts that are drawn like Latin ones. */
const imitations =
  /^[\u{3b1}\u{3b9}\u{3ba}\u{3bd}\u{3bf}\u{3c1}\u{3c5}\u{3c7}\u{391}-\u{392}\u{395}-\u{397}\u{399}\u{39a}\u{39c}\u{39d}\u{39f}\u{3a1}\u{3a4}\u{3a5}\u{3a7}\u{430}\u{435}\u{43e}\u{440}\u{441}\u{443}\u{445}\u{455}\u{456}\u{458}\u{475}\u{4bb}\u{4c0}\u{4cf}\u{501}\u{50d}\u{51b}\u{51d}\u{405}\u{406}\u{408}\u{410}\u{412}\u{415}\u{41a}\u{41c}-\u{41e}\u{420}-\u{422}\u{425}\u{53c}\u{54d}\u{54f}\u{555}\u{561}\u{563}\u{566}\u{570}\u{575}\u{578}\u{57d}\u{581}\u{584}\u{585}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}\p{N}]+$/u
/** Latin letters that are drawn like those of ASCII, and letters that are drawn like quotes and other signs. */
const twins =
  /[\u{2b9}-\u{2df}\u{2ec}-\u{2ff}\u{a717}-\u{a721}\u{a788}-\u{a78c}\u{131}\u{1c0}\u{1c3}\u{251}\u{261}\u{262}\u{269}\u{26a}\u{274}\u{280}\u{28f}\u{299}\u{29c}\u{29f}\u{1d00}-\u{1d22}\u{a731}]/u
/** Marks over nothing, or over a Latin letter or a digit that has no such form. */
const strayMark = /(?:^|[\x00-\x7f\p{Script=Latin}])\p{M}|\p{Me}/u

const spell = (text: string): string => text.replace(/[^\x00-\x7f]/gu, (character) => `\\u{${codePoint(character)}}`)

const isImitation = (text: string): boolean =>
  sign.test(text) || text.normalize("NFKC") !== text || (latin.test(text) && foreign.test(text)) ||
  imitations.test(text) || twins.test(text) || strayMark.test(text)

/**
 * Escapes like `escape`, and spells out words that could be taken for others:
 * Latin mixed with letters of another script but those of East Asia, words of
 * letters that look like Latin ones, full-width and ornamental forms, letters
 * under stray marks or drawn like quotes, and every sign that is not of ASCII.
 * For text that asks an operator for something.
 *
 * ```ts
 * import { SafeText } from "airssys/security"
 *
 * SafeText.escapeLookAlikes("p\u0430ypal, \u0434\u0430") // => "p\\u{430}ypal, \u0434\u0430"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const escapeLookAlikes = (text: string, limit = 512): string =>
  escape(
    text.slice(0, limit).replace(piece, (found) => ascii.test(found) || !isImitation(found) ? found : spell(found)),
    8 * limit
  ) +
  (text.length > limit ? `... (${text.length - limit} more)` : "")

/**
 * Text of others as a quotation: escaped like `escapeLookAlikes`, in quotes that
 * nothing of it can pass for the end of.
 *
 * ```ts
 * import { SafeText } from "airssys/security"
 *
 * SafeText.quote("Fetch.\" (granted)") // => "\"Fetch.\\\" (granted)\""
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const quote = (text: string): string =>
  `"${escapeLookAlikes(text.replaceAll("\\", "\\\\")).replaceAll("\"", "\\\"")}"`

/**
 * One word of ASCII as it is, and anything else as a quotation, so that nothing
 * of it can pass for the words around it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const word = (text: string): string => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text) ? text : quote(text)

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

/**
 * Writes text as a string of JavaScript, quotes included, with everything that
 * `escape` would replace written as an escape of the language.
 *
 * @category combinators
 * @since 0.1.0
 */
export const programString = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replace(hostile, (character) => `\\u{${codePoint(character)}}`)}"`
