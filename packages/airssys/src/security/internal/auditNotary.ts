import * as Effect from "effect/Effect"
import type { Signer } from "../AuditCheckpoint.ts"
import { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditWitness, Submission, WitnessError } from "../AuditWitness.ts"
import type { Hash, TreeHead } from "../MerkleTree.ts"
import type { AuditWriter } from "./auditWriter.ts"

/** A witness and what is known of it. */
interface Standing {
  readonly witness: AuditWitness
  /** Size of the checkpoint that it holds, as far as is known. */
  size: number
  isFailing: boolean
}

const contradicted = (error: WitnessError, head: TreeHead): AuditError =>
  new AuditError({
    reason: "RolledBack",
    detail: `the log has ${head.size} entries, and ${error.message}. ` + (
      error.reason === "Elsewhere"
        ? "Somebody put back an older state of it: look for the entries that are missing before you start again"
        : "The log, its origin or its key is not the one that the witness knows"
    )
  })

/**
 * Signs the tree of a log from time to time and hands it to the witnesses. One
 * that holds a later or another tree than the log's shows that the log was put
 * back or rewritten; one that does not answer is recorded once, until it does.
 */
export class AuditNotary {
  private readonly writer: AuditWriter
  private readonly signer: Signer
  private readonly standings: ReadonlyArray<Standing>
  private readonly prove: (older: number, newer: TreeHead) => Effect.Effect<ReadonlyArray<Hash>, AuditError>
  private handed = -1
  private unrecorded: Array<AuditEvent> = []

  constructor(
    writer: AuditWriter,
    signer: Signer,
    witnesses: ReadonlyArray<AuditWitness>,
    prove: (older: number, newer: TreeHead) => Effect.Effect<ReadonlyArray<Hash>, AuditError>
  ) {
    this.writer = writer
    this.signer = signer
    this.standings = witnesses.map((witness) => ({ witness, size: 0, isFailing: false }))
    this.prove = prove
  }

  /** Hands out what is durable, and returns the signed note. Writes nothing; fails where a witness contradicts the log. */
  get attest(): Effect.Effect<string, AuditError> {
    return Effect.gen({ self: this }, function*() {
      const mark = this.writer.mark
      const { tree } = mark
      const note = yield* Effect.mapError(
        this.signer.sign(tree),
        (cause) => new AuditError({ reason: "Unwritable", detail: "its checkpoint cannot be signed", cause })
      )
      for (const standing of this.standings) {
        yield* this.hand(standing, note, tree).pipe(
          Effect.catchTag("WitnessError", (error) => this.failed(standing, tree, error))
        )
      }
      if (this.standings.every(({ size }) => size === tree.size)) this.writer.forgetLeaves(mark)
      this.handed = tree.size
      return note
    })
  }

  /** Whether there is something that was not handed out, or a witness that did not take it. */
  get isDue(): boolean {
    return this.writer.tree.size !== this.handed || this.standings.some(({ isFailing }) => isFailing)
  }

  /** How many entries each witness has seen, as far as is known. */
  get seen(): number {
    return Math.min(...this.standings.map(({ size }) => size))
  }

  /** The names of the witnesses that did not answer last. */
  get failing(): ReadonlyArray<string> {
    return this.standings.flatMap(({ isFailing, witness }) => isFailing ? [witness.name] : [])
  }

  private hand(standing: Standing, note: string, tree: TreeHead): Effect.Effect<void, AuditError | WitnessError> {
    return Effect.gen({ self: this }, function*() {
      const submit = Effect.gen({ self: this }, function*() {
        const proof = standing.size === 0 || standing.size === tree.size ? [] : yield* this.prove(standing.size, tree)
        yield* standing.witness.accept({ note, from: standing.size, proof } satisfies Submission)
        standing.size = tree.size
        standing.isFailing = false
      })
      yield* Effect.catchTag(submit, "WitnessError", (error) => {
        if (error.reason !== "Elsewhere" || error.size === undefined) return Effect.fail(error)
        if (error.size > tree.size) return Effect.fail(contradicted(error, tree))
        standing.size = error.size
        return submit
      })
    })
  }

  private failed(standing: Standing, tree: TreeHead, error: WitnessError): Effect.Effect<void, AuditError> {
    if (error.reason === "Refused") return Effect.fail(contradicted(error, tree))
    if (standing.isFailing) return Effect.void
    standing.isFailing = true
    this.unrecorded.push({
      _tag: "WitnessFailed",
      witness: standing.witness.name.slice(0, 256),
      size: tree.size,
      detail: error.message.slice(0, 512)
    })
    return Effect.logError(error.message)
  }

  /** Writes down which witnesses did not answer since they last did. */
  get record(): Effect.Effect<void, AuditError> {
    return Effect.suspend(() => {
      const events = this.unrecorded
      this.unrecorded = []
      return events.length === 0 ? Effect.void : Effect.asVoid(this.writer.appendAll(events))
    })
  }
}
