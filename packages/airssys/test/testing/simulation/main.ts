/**
 * Runs a program in a process of its own: `trace <program> <seed>` prints the
 * trace of one run, `explore <program> <seeds>` what an exploration came to.
 */
import * as Simulation from "airssys/testing/Simulation"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { programs } from "./programs.ts"

const [mode, name, count] = process.argv.slice(2)
const { program, settings } = programs[name as keyof typeof programs]

const work = mode === "trace"
  ? Effect.map(Simulation.run({ ...settings, seed: Number(count) }, program), ({ trace }) => trace)
  : Effect.matchEffect(Simulation.explore({ ...settings, seeds: Number(count) }, program), {
    onSuccess: ({ seeds }) => Effect.succeed(JSON.stringify({ passed: seeds })),
    onFailure: ({ reason, recipe, steps }) =>
      Effect.succeed(JSON.stringify({ failed: recipe, reason: reason._tag, steps }))
  })

process.stdout.write(await Effect.runPromise(Effect.provide(work, Logger.layer([]))))
