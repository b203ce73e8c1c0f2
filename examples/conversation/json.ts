/** Values as the bytes of JSON in UTF-8, for guests: they have no `TextEncoder`. */
export const toJson = (value: unknown): Uint8Array =>
  Uint8Array.from(unescape(encodeURIComponent(JSON.stringify(value))), (character) => character.charCodeAt(0))

export const fromJson = (bytes: Uint8Array): unknown =>
  JSON.parse(decodeURIComponent(escape(String.fromCharCode(...bytes))))
