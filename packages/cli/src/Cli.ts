/**
 * The `airssys` command.
 *
 * @since 0.1.0
 */
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ApprovalsCommand from "./ApprovalsCommand.ts"
import * as AuditCommand from "./AuditCommand.ts"
import * as ContractFile from "./ContractFile.ts"
import * as DecideCommand from "./DecideCommand.ts"
import * as GrantCommand from "./GrantCommand.ts"
import * as GuestBuild from "./GuestBuild.ts"
import * as HostFolder from "./HostFolder.ts"
import * as KeysCommand from "./KeysCommand.ts"
import * as ReceiptsCommand from "./ReceiptsCommand.ts"
import * as Report from "./Report.ts"
import * as ReviewCommand from "./ReviewCommand.ts"
import * as StorageCommand from "./StorageCommand.ts"

/**
 * The generated file is not the one on disk.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractDrift extends Schema.TaggedError<ContractDrift>("@airssys/cli/ContractDrift")("ContractDrift", {
  file: Schema.String
}) {
  override get message(): string {
    return `error: ${this.file} is not what \`airssys types\` writes. Run it without --check.`
  }
}

/**
 * `--guest` was given a component: what a guest imports is declared from WIT.
 *
 * @category errors
 * @since 0.1.0
 */
export class GuestNeedsWit extends Schema.TaggedError<GuestNeedsWit>("@airssys/cli/GuestNeedsWit")("GuestNeedsWit", {
  file: Schema.String
}) {
  override get message(): string {
    return `error: --guest reads WIT, and ${this.file} is a component.`
  }
}

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON object per line"),
  Flag.withDefault(false)
)

const build = Command.make(
  "build",
  {
    entry: Argument.String("entry").pipe(
      Argument.withDescription("Source file, .ts, .js or .wat; by default the one in Component.toml"),
      Argument.optional
    ),
    folder: Flag.String("folder").pipe(
      Flag.withDescription("Folder with the Component.toml"),
      Flag.withDefault(".")
    )
  },
  Effect.fnUntraced(function*({ entry, folder }) {
    const { component, result } = yield* Effect.provide(
      GuestBuild.build(folder, { entry: Option.getOrUndefined(entry) }),
      ReleaseSource.layerFileSystem
    )
    yield* Console.log(
      `${component}  ${result.digest.slice(0, 8)}  ${result.size} bytes  ${
        result.cached ? "cached" : "built"
      }  ${result.out}`
    )
  })
).pipe(
  Command.withDescription("Make a component from TypeScript or WebAssembly text"),
  Command.withExamples([{ command: "airssys build src/main.ts", description: "Build the component of this folder" }])
)

const types = Command.make(
  "types",
  {
    wit: Argument.String("wit").pipe(Argument.withDescription("WIT folder or file, or a component: a .wasm file")),
    world: Flag.String("world").pipe(
      Flag.withDescription("World, where the package has several, or of a component without Component.toml"),
      Flag.optional
    ),
    out: Flag.String("out").pipe(
      Flag.withDescription("File to write, - for standard output; by default <package>.gen.ts"),
      Flag.optional
    ),
    guest: Flag.Boolean("guest").pipe(
      Flag.withDescription("Write the declarations that a TypeScript guest imports; by default wit.gen.d.ts"),
      Flag.withDefault(false)
    ),
    check: Flag.Boolean("check").pipe(
      Flag.withDescription("Write nothing; fail if the file is not up to date"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ check, guest, out, wit, world }) {
    const fs = yield* FileSystem.FileSystem
    if (guest && wit.endsWith(".wasm")) return yield* new GuestNeedsWit({ file: wit })
    const name = Option.getOrUndefined(world)
    const generated = yield* guest
      ? ContractFile.generateGuest(wit, name)
      : wit.endsWith(".wasm")
      ? Effect.provide(ContractFile.generateFromComponent(wit, name), ReleaseSource.layerFileSystem)
      : ContractFile.generate(wit, name)
    const file = Option.getOrElse(out, () => generated.name)
    if (file === "-") return yield* Console.log(generated.text.trimEnd())
    if (check) {
      const existing = yield* Effect.orElseSucceed(fs.readFileString(file), () => "")
      return existing === generated.text ? yield* Console.log(file) : yield* new ContractDrift({ file })
    }
    yield* fs.writeFileString(file, generated.text)
    yield* Console.log(file)
  })
).pipe(
  Command.withDescription("Write the contract of a WIT world or of a component"),
  Command.withExamples([
    { command: "airssys types wit/", description: "Write rates.gen.ts for acme:rates" },
    { command: "airssys types plugins/rates/dist/rates.wasm", description: "The same, from the component" }
  ])
)

const run = Command.make(
  "run",
  { folder: Argument.String("folder").pipe(Argument.withDescription("Folder with an airssys.toml")), json },
  Effect.fnUntraced(function*({ folder, json }) {
    const host = yield* Effect.flatMap(HostFolder.read(folder), HostFolder.withSecrets)
    const program = host.calls.length === 0 ? HostFolder.serve(host) : HostFolder.perform(host)
    yield* program.pipe(
      Effect.provide([
        HostFolder.layer(host),
        json ? Report.layerJson : Report.layerText
      ]),
      Effect.provideService(Logger.LogToStderr, true)
    )
  })
).pipe(
  Command.withDescription("Host the components of a folder; until interrupted, or for the calls it lists"),
  Command.withExamples([{ command: "airssys run examples/plugins", description: "Run the example" }])
)

/**
 * The command with all of its subcommands.
 *
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("airssys").pipe(
  Command.withDescription("Run code that you do not trust, as supervised actors under capabilities"),
  Command.withSubcommands([
    build,
    types,
    run,
    ReviewCommand.command,
    GrantCommand.command,
    ApprovalsCommand.command,
    DecideCommand.approve,
    DecideCommand.deny,
    DecideCommand.revokeCommand,
    KeysCommand.command,
    StorageCommand.command,
    AuditCommand.command,
    ReceiptsCommand.command
  ])
)
