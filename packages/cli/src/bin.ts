#!/usr/bin/env node
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Version from "airssys/Version"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Cli from "./Cli.ts"

// A reader that went away, such as head, ends the command as Ctrl-C does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", () => process.kill(process.pid, "SIGINT"))
}

// Without a listener of its own, a second signal would kill a process that already ends with its own code.
let ended = false
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => ended && process.exit(130))
}
const teardown: Runtime.Teardown = (exit, onExit) => {
  ended = true
  Runtime.defaultTeardown(exit, onExit)
}

const reported = (message: string): string => message.startsWith("error: ") ? message : `error: ${message}`

Command.run(Cli.command, { version: Version.version }).pipe(
  Effect.tapError((error) => CliError.isCliError(error) ? Effect.void : Console.error(reported(error.message))),
  Effect.tapDefect((defect) => Console.error(`error: airssys itself failed, which is a bug: ${String(defect)}`)),
  Effect.provide(NodeServices.layer),
  (program) => NodeRuntime.runMain(program, { disableErrorReporting: true, teardown })
)
