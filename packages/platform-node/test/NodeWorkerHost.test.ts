import { assert, describe, it } from "@effect/vitest"
import { type WorkerEvents, type WorkerExit, type WorkerHandle, WorkerHost } from "airssys/component/WorkerHost"
import { Deferred, Duration, Effect, Exit, Queue, Scope } from "effect"
import * as NodeWorkerHost from "../src/NodeWorkerHost.ts"

const start = Effect.fnUntraced(function*(entry: string, options?: {
  readonly heap?: number
  readonly onRequest?: WorkerEvents["onRequest"]
}) {
  const host = yield* WorkerHost
  const messages = yield* Queue.unbounded<unknown>()
  const exited = yield* Deferred.make<WorkerExit>()
  const worker: WorkerHandle = yield* host.spawn(new URL(entry, import.meta.url), {
    name: "test",
    heap: options?.heap ?? 64,
    onMessage: (message) => Queue.offerUnsafe(messages, message),
    onRequest: options?.onRequest ?? ((_, answer) => answer(undefined)),
    onExit: (exit) => Deferred.doneUnsafe(exited, Exit.succeed(exit))
  })
  return { worker, next: Queue.take(messages), exited: Deferred.await(exited) }
})

const test = (name: string, body: Effect.Effect<void, unknown, WorkerHost | Scope.Scope>) =>
  it.live(name, () => Effect.provide(body, NodeWorkerHost.layer))

describe("NodeWorkerHost", () => {
  test(
    "runs an entry and carries messages by structured clone",
    Effect.gen(function*() {
      const { next, worker } = yield* start("./echoWorker.ts")
      assert.strictEqual(yield* next, "up")
      const message = { big: 1n, bytes: Uint8Array.of(1, 2), list: [{ deep: undefined }] }
      assert.isTrue(worker.post({ do: "echo", with: message }))
      assert.deepStrictEqual(yield* next, message)
      assert.isFalse(worker.post({ do: "echo", with: () => 1 }))
    })
  )

  test(
    "blocks the worker until a request is answered, at once or later",
    Effect.gen(function*() {
      let asked = 0
      const { next, worker } = yield* start("./echoWorker.ts", {
        onRequest: (question, answer) => {
          asked += 1
          if (asked === 1) assert.isTrue(answer(`${question} 1`))
          else setImmediate(() => assert.isTrue(answer(`${question} 2`)))
        }
      })
      yield* next
      worker.post({ do: "ask", with: "time" })
      assert.deepStrictEqual(yield* next, ["time 1", "time 2"])
    })
  )

  test(
    "gives a worker no environment, arguments or flags",
    Effect.gen(function*() {
      const { next, worker } = yield* start("./echoWorker.ts")
      yield* next
      worker.post({ do: "environment" })
      assert.deepStrictEqual(yield* next, [[], [], []])
    })
  )

  test(
    "terminates a worker in an endless loop, and one that waits for an answer",
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      for (const command of [{ do: "spin" }, { do: "ask" }]) {
        const { exited, next, worker } = yield* start("./echoWorker.ts", {
          onRequest: () => Deferred.doneUnsafe(asked, Exit.void)
        })
        yield* next
        worker.post(command)
        if (command.do === "ask") yield* Deferred.await(asked)
        yield* worker.terminate
        assert.strictEqual((yield* exited).reason, "Terminated")
        assert.isFalse(worker.post({ do: "echo" }))
      }
    })
  )

  test(
    "soon ends a worker in a loop whose turns take long",
    Effect.gen(function*() {
      const { exited, next, worker } = yield* start("./echoWorker.ts")
      yield* next
      worker.post({ do: "fill" })
      yield* next
      const [elapsed] = yield* Effect.timed(worker.terminate)
      assert.isBelow(Duration.toMillis(elapsed), 1_000)
      const [more, exit] = yield* Effect.timed(exited)
      assert.strictEqual(exit.reason, "Terminated")
      assert.isBelow(Duration.toMillis(more), 2_000)
    })
  )

  test(
    "terminates a worker with its scope",
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { exited, next, worker } = yield* Scope.provide(start("./echoWorker.ts"), scope)
      yield* next
      worker.post({ do: "spin" })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* exited).reason, "Terminated")
    })
  )

  for (
    const [command, reason] of [["throw", "Crashed"], ["exit", "Exited"], ["hoard", "OutOfMemory"]] as const
  ) {
    test(
      `reports ${reason} for a worker that ends by ${command}`,
      Effect.gen(function*() {
        const { exited, next, worker } = yield* start("./echoWorker.ts", { heap: 32 })
        yield* next
        worker.post({ do: command })
        assert.strictEqual((yield* exited).reason, reason)
      })
    )
  }

  test(
    "ends a worker that does not keep the protocol",
    Effect.gen(function*() {
      assert.strictEqual((yield* (yield* start("./rudeWorker.ts")).exited).reason, "Protocol")
    })
  )

  test(
    "reports an entry that does not exist",
    Effect.gen(function*() {
      assert.strictEqual((yield* (yield* start("./noWorker.ts")).exited).reason, "Crashed")
    })
  )
})
