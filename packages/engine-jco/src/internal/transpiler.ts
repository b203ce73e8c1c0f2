/**
 * jco's transpiler as an Effect: one component, one thread, never used again.
 */
import { LoadError } from "airssys/component/ComponentError"
import type { WorkerHost } from "airssys/component/WorkerHost"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { FromTranspiler } from "./protocol.ts"
import type { TranspileRequest } from "./transpileWorker.ts"

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./transpileWorker.ts" : "./transpileWorker.js",
  import.meta.url
)

export interface Transpiled {
  readonly source: string
  readonly modules: ReadonlyArray<{ readonly name: string; readonly bytes: Uint8Array }>
}

const decode = Schema.decodeUnknownExit(FromTranspiler)

const failed = (detail: string) => new LoadError({ reason: "EngineFailed", detail })

/**
 * Transpiles in a thread with a heap and a time limit.
 */
export const transpile = Effect.fnUntraced(
  function*(
    host: WorkerHost["Service"],
    request: TranspileRequest,
    limits: { readonly heap: number; readonly time: Duration.Input }
  ) {
    const done = yield* Deferred.make<Transpiled, LoadError>()
    const settle = (exit: Exit.Exit<Transpiled, LoadError>) => Deferred.doneUnsafe(done, exit)
    const worker = yield* host.spawn(entry, {
      name: "airssys-transpile",
      heap: limits.heap,
      onMessage: (message) => {
        const decoded = decode(message)
        if (Exit.isFailure(decoded)) return settle(Exit.fail(failed("jco's transpiler gave an unknown answer")))
        const answer = decoded.value
        return settle(
          answer._tag === "Transpiled"
            ? Exit.succeed(answer)
            : Exit.fail(failed(`jco cannot transpile it: ${answer.detail}`))
        )
      },
      onRequest: () => settle(Exit.fail(failed("jco's transpiler asked an unknown question"))),
      onExit: (exit) => settle(Exit.fail(failed(`jco's transpiler died: ${exit.detail}`)))
    }).pipe(Effect.mapError((error) => failed(error.detail)))
    worker.post(request)
    return yield* Effect.timeoutOrElse(Deferred.await(done), {
      duration: limits.time,
      orElse: () => Effect.fail(failed("jco's transpiler took too long"))
    })
  },
  Effect.scoped
)
