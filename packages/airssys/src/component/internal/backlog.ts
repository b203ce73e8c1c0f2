import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Message } from "../../security/MessagingSubscribe.ts"

const mostMessages = 1_024
const mostBytes = 16 * 1024 * 1024

/** What waits for a program of the host that listens; what is too much goes, the oldest first. */
export class Backlog {
  readonly #queue: Queue.Queue<Message, Cause.Done>
  #bytes = 0

  private constructor(queue: Queue.Queue<Message, Cause.Done>) {
    this.#queue = queue
  }

  static readonly make: Effect.Effect<Backlog> = Effect.map(
    Queue.unbounded<Message, Cause.Done>(),
    (queue) => new Backlog(queue)
  )

  add(message: Message): void {
    this.#bytes += message.payload.bytes.length
    Queue.offerUnsafe(this.#queue, message)
    while (Queue.sizeUnsafe(this.#queue) > mostMessages || this.#bytes > mostBytes) {
      const oldest = Queue.takeUnsafe(this.#queue)
      if (oldest?._tag !== "Success") return
      this.#bytes -= oldest.value.payload.bytes.length
    }
  }

  /** Nothing comes any more: the stream ends behind what waits. */
  close(): void {
    Queue.endUnsafe(this.#queue)
  }

  /** One at a time, so that none is held beside those that are counted. */
  get messages(): Stream.Stream<Message> {
    return Stream.fromEffectRepeat(
      Effect.map(Queue.take(this.#queue), (message) => {
        this.#bytes -= message.payload.bytes.length
        return message
      })
    )
  }
}
