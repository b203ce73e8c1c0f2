/**
 * One component as a service: build it, host it, call it.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { Component } from "airssys"
import { Console, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { Greeter } from "./greeter.gen.ts"

const folder = fileURLToPath(new URL("greeter", import.meta.url))
const Host = NodeHost.layer()
const Built = Layer.effectDiscard(GuestBuild.build(folder))
const GreeterLayer = Component.layer(Greeter, folder).pipe(Layer.provide(Built), Layer.provide(Host))

const program = Greeter.use((greeter) => greeter.greet("world")).pipe(Effect.flatMap(Console.log))

NodeRuntime.runMain(Effect.provide(program, GreeterLayer))
