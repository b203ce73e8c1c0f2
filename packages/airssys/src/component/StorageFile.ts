/**
 * The file of an export: JSON Lines, a header, an entry on each line, and an
 * end with a digest.
 *
 * A file has one spelling: each line is what `JSON.stringify` writes for it, and
 * keys ascend by code points, so that none comes twice. The digest is a chain
 * of SHA-256 over blocks of lines; a block ends with the line that makes it
 * 64 KiB or more. See `docs/reference/storage.md`.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { compare } from "./internal/sortedKeys.ts"
import * as storageKey from "./internal/storageKey.ts"
import { type Entry, sizeOf } from "./StorageStore.ts"

/**
 * The version that is written, and the only one that is read.
 *
 * @category models
 * @since 0.1.0
 */
export const version = 1

/**
 * The most characters of a line.
 *
 * @category models
 * @since 0.1.0
 */
export const lineLimit = 1_500_000

/**
 * What a file says it is. `owner` is as `Storage.ownerOf` gives it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Header {
  readonly owner: string
  readonly keys: number
  readonly bytes: number
}

/**
 * An entry as a file has it.
 *
 * @category models
 * @since 0.1.0
 */
export type Line = Omit<Entry, "revision">

/**
 * A file that is no whole export, by the number of the line, from 1.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageFileError extends Schema.TaggedError<StorageFileError>("airssys/component/StorageFileError")(
  "StorageFileError",
  { line: Schema.Int, problem: Schema.String }
) {
  override get message(): string {
    return `line ${this.line}: ${this.problem}. Nothing was imported.`
  }
}

const format = "airssys/storage"
const blockSize = 65_536
const mostTenant = 256

const headerText = ({ bytes, keys, owner }: Header): string => JSON.stringify({ format, version, owner, keys, bytes })

const entryText = ({ key, tenant, value }: Line): string =>
  JSON.stringify({ key, value: Base64.encode(value), ...(tenant === undefined ? undefined : { tenant }) })

const endText = (keys: number, digest: string): string => JSON.stringify({ end: keys, digest })

/** The chain over blocks of lines, each with the line feed behind it. */
class Chain {
  readonly #digest: Digest.Digest["Service"]
  #state: Uint8Array = new Uint8Array(0)
  #lines: Array<Uint8Array> = []
  #size = 0

  constructor(digest: Digest.Digest["Service"]) {
    this.#digest = digest
  }

  add(line: Uint8Array): Effect.Effect<void> {
    this.#lines.push(line, lineFeed)
    this.#size += line.length + 1
    return this.#size < blockSize ? Effect.void : this.#close()
  }

  get result(): Effect.Effect<string> {
    return Effect.suspend(() => Effect.map(this.#close(), () => `sha256:${Hex.encode(this.#state)}`))
  }

  #close(): Effect.Effect<void> {
    if (this.#size === 0) return Effect.void
    const block = new Uint8Array(this.#state.length + this.#size)
    block.set(this.#state)
    let at = this.#state.length
    for (const line of this.#lines) {
      block.set(line, at)
      at += line.length
    }
    this.#lines = []
    this.#size = 0
    return Effect.map(this.#digest.digest(Digest.sha256, block), (state) => {
      this.#state = state
    })
  }
}

const lineFeed = Uint8Array.of(0x0a)
const encoder = new TextEncoder()

/**
 * The lines of a file, each with its line feed.
 *
 * @category combinators
 * @since 0.1.0
 */
export const encode = <E, R>(
  header: Header,
  entries: Stream.Stream<Line, E, R>
): Stream.Stream<string, E, R | Digest.Digest> =>
  Stream.unwrap(Effect.map(Digest.Digest, (digest) => {
    const chain = new Chain(digest)
    const lines = Stream.concat(Stream.succeed(headerText(header)), Stream.map(entries, entryText)).pipe(
      Stream.mapEffect((text) => Effect.as(chain.add(encoder.encode(text)), `${text}\n`))
    )
    const end = Stream.fromEffect(Effect.map(chain.result, (digest) => `${endText(header.keys, digest)}\n`))
    return Stream.concat(lines, end)
  }))

/** Cuts bytes into lines. */
class Lines {
  #rest: Array<Uint8Array> = []
  #length = 0
  number = 0

  get isBetween(): boolean {
    return this.#length === 0
  }

  *push(chunk: Uint8Array): Generator<Result.Result<Uint8Array, StorageFileError>> {
    let from = 0
    for (;;) {
      const to = chunk.indexOf(0x0a, from)
      const piece = chunk.subarray(from, to === -1 ? chunk.length : to)
      this.#length += piece.length
      if (this.#length > lineLimit) {
        yield Result.fail(wrong(this.number + 1, `the line has more than ${lineLimit} bytes`))
        return
      }
      this.#rest.push(to === -1 ? piece.slice() : piece)
      if (to === -1) return
      this.number++
      yield Result.succeed(this.#taken())
      from = to + 1
    }
  }

  #taken(): Uint8Array {
    const line = new Uint8Array(this.#length)
    let at = 0
    for (const piece of this.#rest) {
      line.set(piece, at)
      at += piece.length
    }
    this.#rest = []
    this.#length = 0
    return line
  }
}

const wrong = (line: number, problem: string): StorageFileError => new StorageFileError({ line, problem })

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of a line and the object that it is. */
const parsed = (
  line: Uint8Array
): { readonly text: string; readonly fields: ReadonlyMap<string, unknown> } | undefined => {
  try {
    const text = decoder.decode(line)
    const value: unknown = JSON.parse(text)
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
    return { text, fields: new Map(Object.entries(value)) }
  } catch {
    return undefined
  }
}

const isCount = (u: unknown): u is number => typeof u === "number" && Number.isSafeInteger(u) && u >= 0

const headerOf = (line: Uint8Array): Header | string => {
  const found = parsed(line)
  const [owner, keys, bytes] = ["owner", "keys", "bytes"].map((name) => found?.fields.get(name))
  if (found?.fields.get("format") !== format) return `a file begins with {"format":"${format}"`
  const given = found.fields.get("version")
  if (given !== version) return `the version is not ${version}`
  if (typeof owner !== "string" || owner.length > 300 || !isCount(keys) || !isCount(bytes)) {
    return "the header has an owner, and the numbers of keys and bytes"
  }
  const header = { owner, keys, bytes }
  return headerText(header) === found.text ? header : spelling
}

const spelling = "it is not spelled as an export spells it"

/** A store would keep half of a surrogate pair as another name. */
const isTenant = (u: unknown): u is string =>
  typeof u === "string" && u.length > 0 && u.length <= mostTenant && u.isWellFormed()

const entryOf = (
  { fields, text }: { readonly text: string; readonly fields: ReadonlyMap<string, unknown> }
): Line | string => {
  const [key, base64, tenant] = ["key", "value", "tenant"].map((name) => fields.get(name))
  if (typeof key !== "string" || typeof base64 !== "string") return "an entry has a key and a value"
  const problem = storageKey.problemOf(key)
  if (problem !== undefined) return problem
  const value = Base64.decode(base64)
  if (Result.isFailure(value)) return "the value is no Base64"
  if (value.success.length > storageKey.valueLimit) return `a value has at most ${storageKey.valueLimit} bytes`
  if (tenant !== undefined && !isTenant(tenant)) {
    return `a tenant has 1 to ${mostTenant} characters`
  }
  const entry = { key, value: value.success, tenant }
  return entryText(entry) === text ? entry : spelling
}

/**
 * What is done with a file while it is read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sink<E, R> {
  readonly header: (header: Header) => Effect.Effect<void, E, R>
  readonly entry: (entry: Line) => Effect.Effect<void, E, R>
}

class Reader<E, R> {
  readonly lines = new Lines()
  readonly #chain: Chain
  readonly #sink: Sink<E, R>
  #header: Header | undefined
  #keys = 0
  #bytes = 0
  #last: string | undefined
  #isOver = false

  constructor(digest: Digest.Digest["Service"], sink: Sink<E, R>) {
    this.#chain = new Chain(digest)
    this.#sink = sink
  }

  readonly chunk = Effect.fnUntraced(
    function*(this: Reader<E, R>, bytes: Uint8Array): Effect.fn.Return<void, StorageFileError | E, R> {
      for (const line of this.lines.push(bytes)) yield* this.#line(yield* Effect.fromResult(line))
    }
  )

  get end(): Effect.Effect<Header, StorageFileError> {
    return Effect.suspend(() =>
      this.#header !== undefined && this.#isOver && this.lines.isBetween
        ? Effect.succeed(this.#header)
        : Effect.fail(wrong(this.lines.number + 1, "the file ends before its end"))
    )
  }

  #line(line: Uint8Array): Effect.Effect<void, StorageFileError | E, R> {
    if (this.#isOver) return this.#wrong("nothing comes behind the end")
    if (this.#header === undefined) {
      const header = headerOf(line)
      if (typeof header === "string") return this.#wrong(header)
      this.#header = header
      return Effect.andThen(this.#chain.add(line), this.#sink.header(header))
    }
    const found = parsed(line)
    if (found === undefined) return this.#wrong("it is no object of JSON in UTF-8")
    if (found.fields.has("end")) return this.#end(found.text, this.#header)
    const entry = entryOf(found)
    if (typeof entry === "string") return this.#wrong(entry)
    const problem = this.#count(entry, this.#header)
    if (problem !== undefined) return this.#wrong(problem)
    return Effect.andThen(this.#chain.add(line), this.#sink.entry(entry))
  }

  #count({ key, value }: Line, header: Header): string | undefined {
    if (this.#last !== undefined && compare(this.#last, key) >= 0) return "the keys do not ascend"
    this.#last = key
    this.#keys++
    this.#bytes += sizeOf(key, value.length)
    return this.#keys > header.keys || this.#bytes > header.bytes ? "there is more than the header says" : undefined
  }

  #end(text: string, header: Header): Effect.Effect<void, StorageFileError> {
    if (this.#keys !== header.keys || this.#bytes !== header.bytes) {
      return this.#wrong("there is less than the header says")
    }
    return Effect.flatMap(this.#chain.result, (digest) => {
      this.#isOver = true
      return text === endText(header.keys, digest) ? Effect.void : this.#wrong("the digest is another one")
    })
  }

  #wrong(problem: string): Effect.Effect<never, StorageFileError> {
    return Effect.fail(wrong(this.lines.number, problem))
  }
}

/**
 * Reads a file, whose bytes are hostile: what it holds at once is one line and
 * one block. What the sink is given counts only if this succeeds.
 *
 * @category combinators
 * @since 0.1.0
 */
export const decode = <E, R, E2, R2>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  sink: Sink<E2, R2>
): Effect.Effect<Header, StorageFileError | E | E2, R | R2 | Digest.Digest> =>
  Effect.flatMap(Digest.Digest, (digest) => {
    const reader = new Reader(digest, sink)
    return Effect.andThen(Stream.runForEach(bytes, (chunk) => reader.chunk(chunk)), reader.end)
  })
