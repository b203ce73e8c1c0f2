import type { AuditEvent } from "../AuditEvent.ts"
import type { BatchBytes } from "./auditBatch.ts"
import type { Sharer } from "./auditSharers.ts"
import type { Frame } from "./auditUse.ts"

interface Draft {
  readonly sequence: number
  readonly time: number
  readonly tag: AuditEvent["_tag"]
  /** Its line is the draft of these, which has so many bytes. */
  readonly lines: BatchBytes
  readonly bytes: number
}

/**
 * An event that waits. `from` and `bytes` are where its line is in `lines`, which
 * says that it was made `printed` times; `count` is how often it was, itself
 * included.
 *
 * It is of a class and keeps no event: V8 makes objects that are written out
 * among the old ones once they outlive a collection, and there they keep all that
 * they name until the next full collection.
 */
export class Pending {
  readonly sequence: number
  readonly time: number
  readonly tag: AuditEvent["_tag"]
  lines: BatchBytes
  from: number
  bytes: number
  count = 1
  printed = 1
  isWithdrawn = false

  constructor({ bytes, lines, sequence, tag, time }: Draft) {
    this.sequence = sequence
    this.time = time
    this.tag = tag
    this.lines = lines
    this.from = lines.keep()
    this.bytes = bytes
  }
}

const draft: Draft = {
  sequence: 0,
  time: Number.MAX_SAFE_INTEGER,
  tag: "CapabilityUsed",
  lines: { keep: () => 0 } as BatchBytes,
  bytes: 0
}

interface Made {
  /** The principal in whose share it is, also when it is withdrawn. */
  readonly sharer: Sharer
  readonly resource: string
  readonly frame: Frame
  /** What it is found by when it is made again. */
  readonly key: number
}

/** A use that waits. */
export class PendingUse extends Pending implements Made {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: PendingUse = new PendingUse(draft, {
    sharer: undefined as never,
    resource: "",
    frame: undefined as never,
    key: 0
  })

  readonly sharer: Sharer
  readonly resource: string
  readonly frame: Frame
  readonly key: number

  constructor(draft: Draft, { frame, key, resource, sharer }: Made) {
    super(draft)
    this.sharer = sharer
    this.resource = resource
    this.frame = frame
    this.key = key
  }
}
