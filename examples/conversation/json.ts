/** Values as the bytes of JSON in UTF-8. */
export const toJson = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

export const fromJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))
