/**
 * `airssys keys`: keys of operators, in files that nobody but this user reads.
 *
 * @since 0.1.0
 */
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

const file = Argument.String("file").pipe(Argument.withDescription("File of the key"))

const generate = Command.make(
  "generate",
  { file },
  ({ file }) => Effect.flatMap(NodeSigningKey.create(file), ({ publicKey }) => Console.log(publicKey))
).pipe(
  Command.withDescription("Make an Ed25519 key in a new file of mode 0600, and print its public key"),
  Command.withExamples([{
    command: "airssys keys generate ada.key",
    description: "Make a key; what is printed goes into operators of airssys.toml"
  }])
)

const show = Command.make(
  "show",
  { file },
  ({ file }) => Effect.flatMap(NodeSigningKey.read(file), ({ publicKey }) => Console.log(publicKey))
).pipe(Command.withDescription("Print the public key of a key in a file"))

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("keys").pipe(
  Command.withDescription("Make and show keys that sign decisions"),
  Command.withSubcommands([generate, show])
)
