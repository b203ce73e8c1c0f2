/**
 * `airssys storage`: what components store, while their host does not run.
 *
 * @since 0.1.0
 */
import type { StorageFileError } from "airssys/component/StorageFile"
import * as Principal from "airssys/security/Principal"
import * as SafeText from "airssys/security/SafeText"
import * as ByteSize from "effect/ByteSize"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import * as HostFlags from "./HostFlags.ts"
import * as HostStorage from "./HostStorage.ts"
import * as Progress from "./Progress.ts"

/**
 * What is stored is not as it was written; what was found was printed.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageDamaged extends Schema.TaggedError<StorageDamaged>("@airssys/cli/StorageDamaged")(
  "StorageDamaged",
  { file: Schema.String, damages: Schema.Int }
) {
  override get message(): string {
    return `error: ${this.file} is damaged in ${this.damages} ${this.damages === 1 ? "place" : "places"}: ` +
      "import an export from before"
  }
}

const flags = {
  folder: HostFlags.folder
}

const owner = Argument.String("owner").pipe(
  Argument.withDescription("A component, acme:rates, or an owner as list shows it")
)

const refuse = (detail: string) => new HostStorage.StorageRefused({ detail })

const counted = (keys: number): string => keys === 1 ? "1 key" : `${keys.toLocaleString("en")} keys`
const size = (bytes: number): string => ByteSize.format(ByteSize.bytes(bytes))

const describe = ({ bytes, keys, owner }: HostStorage.Holding): string =>
  `${SafeText.escape(owner)}  ${counted(keys)}  ${size(bytes)}`

const kinds: ReadonlyMap<string, Principal.Kind> = new Map([
  ["component", "Component"],
  ["host", "Host"],
  ["operator", "Operator"]
])

const principalOf = (text: string): Effect.Effect<Principal.Principal, HostStorage.StorageRefused> => {
  const at = text.indexOf("/")
  const kind = at < 0 ? "Component" : kinds.get(text.slice(0, at))
  const id = text.slice(at + 1)
  return kind === undefined || id === ""
    ? Effect.fail(refuse(`${SafeText.escape(text, 80)} is no owner: write acme:rates, or component/acme:rates`))
    : Effect.succeed(Principal.make({ kind, id }))
}

const list = Command.make(
  "list",
  {
    ...flags,
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print one JSON object per line"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ folder, json }) {
    const { holdings } = yield* HostStorage.open(folder, false)
    if (holdings.length === 0 && !json) yield* Console.log("Nothing is stored.")
    for (const holding of holdings) yield* Console.log(json ? JSON.stringify(holding) : describe(holding))
  }, Effect.scoped)
).pipe(Command.withDescription("List who stores something, and how much"))

const held = (holdings: ReadonlyArray<HostStorage.Holding>, principal: Principal.Principal) =>
  holdings.find(({ owner }) => owner === `${principal.kind.toLowerCase()}/${principal.id}`)

/** A file that is not there until it is whole, for this user alone. */
const written = Effect.fnUntraced(function*<E>(file: string, lines: Stream.Stream<string, E>) {
  const fs = yield* FileSystem.FileSystem
  if (yield* fs.exists(file)) return yield* refuse(`${file} is there already: name another file`)
  const part = `${file}.part`
  yield* Effect.scoped(Effect.gen(function*() {
    const handle = yield* fs.open(part, { flag: "wx", mode: 0o600 })
    yield* Stream.runForEach(Stream.encodeText(lines), (bytes) => handle.writeAll(bytes))
    yield* handle.sync
  })).pipe(Effect.onError(() => Effect.ignore(fs.remove(part))))
  yield* fs.rename(part, file)
})

const exporting = Command.make(
  "export",
  {
    owner,
    out: Flag.String("out").pipe(
      Flag.withDescription("File to write, which is not there yet; by default standard output"),
      Flag.optional
    ),
    ...flags
  },
  Effect.fnUntraced(function*({ folder, out, owner }) {
    const principal = yield* principalOf(owner)
    const { holdings, storage } = yield* HostStorage.open(folder, false)
    const holding = held(holdings, principal)
    if (holding === undefined) {
      const others = holdings.map(({ owner }) => SafeText.escape(owner)).join(", ")
      return yield* refuse(
        `nothing is stored by ${SafeText.escape(owner)}${others === "" ? "" : `, but by ${others}`}`
      )
    }
    const progress = yield* Progress.make((done) => `exported ${done.toLocaleString("en")} of ${counted(holding.keys)}`)
    const lines = storage.exportLines(principal).pipe(
      Stream.mapArrayEffect((chunk) => Effect.as(progress.add(chunk.length), chunk))
    )
    if (Option.isNone(out)) {
      return yield* Stream.run(Stream.encodeText(lines), (yield* Stdio.Stdio).stdout({ endOnDone: false }))
    }
    yield* written(out.value, lines)
    yield* Console.log(`${describe(holding)}  ${out.value}`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Write all that one owner stores as JSON Lines"),
  Command.withExamples([{
    command: "airssys storage export acme:rates --out rates.ndjson",
    description: "Export what acme:rates stores"
  }])
)

const anotherOwner = "it is a file of "

const misread = (file: string, { line, problem }: StorageFileError) =>
  refuse(
    `${file}:${line}: ${SafeText.escape(problem)}${
      problem.startsWith(anotherOwner) ? ": take it with --from-another" : ""
    }`
  )

const importing = Command.make(
  "import",
  {
    owner,
    file: Argument.String("file").pipe(Argument.withDescription("A file of an export")),
    replace: Flag.Boolean("replace").pipe(
      Flag.withDescription("Take the place of what is stored"),
      Flag.withDefault(false)
    ),
    fromAnother: Flag.Boolean("from-another").pipe(
      Flag.withDescription("Take the export of another owner"),
      Flag.withDefault(false)
    ),
    ...flags
  },
  Effect.fnUntraced(function*({ file, folder, fromAnother, owner, replace }) {
    const fs = yield* FileSystem.FileSystem
    const principal = yield* principalOf(owner)
    const { size: whole, type } = yield* Effect.mapError(fs.stat(file), () => refuse(`there is no ${file}`))
    if (type !== "File") return yield* refuse(`${file} is no file of an export`)
    const { holdings, storage } = yield* HostStorage.open(folder, true)
    const holding = held(holdings, principal)
    if (holding !== undefined && !replace) {
      return yield* refuse(
        `${SafeText.escape(holding.owner)} has ${counted(holding.keys)} there: take their place with --replace`
      )
    }
    const progress = yield* Progress.make((done) => `read ${size(done)} of ${size(Number(whole))}`)
    const bytes = Stream.tap(fs.stream(file), (chunk) => progress.add(chunk.length))
    const header = yield* Effect.catchTags(storage.importFile(principal, bytes, { replace, fromAnother }), {
      StorageFileError: (error) => Effect.fail(misread(file, error)),
      StorageError: (error) =>
        Effect.fail(
          error.reason === "QuotaExceeded"
            ? refuse(`${error.detail}: raise storage in the quotas of airssys.toml`)
            : error
        )
    })
    yield* Console.log(describe({ ...header, owner: `${principal.kind.toLowerCase()}/${principal.id}` }))
  }, Effect.scoped)
).pipe(Command.withDescription("Take an export, whole or not at all"))

const verify = Command.make(
  "verify",
  flags,
  Effect.fnUntraced(function*({ folder }) {
    const { file, holdings, storage } = yield* HostStorage.open(folder, false)
    const keys = holdings.reduce((sum, one) => sum + one.keys, 0)
    const bytes = holdings.reduce((sum, one) => sum + one.bytes, 0)
    const damages = yield* Progress.during(`verifying ${counted(keys)}, ${size(bytes)}`)(storage.verify)
    for (const { detail, key, owner } of damages) {
      const where = [owner, key].filter((part) => part !== undefined).map((part) => SafeText.escape(part)).join(" ")
      yield* Console.log(`${where === "" ? file : where}: ${SafeText.escape(detail)}`)
    }
    if (damages.length > 0) return yield* new StorageDamaged({ file, damages: damages.length })
    yield* Console.log(`${counted(keys)}, ${size(bytes)}: all are as they were written`)
  }, Effect.scoped)
).pipe(Command.withDescription("Read all that is stored and compare it with its checksums and counts"))

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("storage").pipe(
  Command.withDescription("Look at, export, import and verify what components store; not while their host runs"),
  Command.withSubcommands([list, exporting, importing, verify])
)
