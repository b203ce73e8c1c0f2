import type { PendingUse } from "./auditPending.ts"
import { Allowance, type Quota } from "./auditQuota.ts"
import { Frames, isActor, type Use } from "./auditUse.ts"

/** What a principal may write, and what of it waits. */
export class Sharer {
  readonly allowance: Allowance
  readonly frames = new Frames()
  count = 0
  bytes = 0

  constructor(quota: Quota, now: number) {
    this.allowance = new Allowance(quota, now)
  }

  add({ bytes }: PendingUse): void {
    this.count++
    this.bytes += bytes
  }

  drop({ bytes }: PendingUse): void {
    this.count--
    this.bytes -= bytes
  }
}

/** Sharers that are not swept because they are few. */
const few = 1024

/** All principals that have something waiting or wrote lately. */
export class Sharers {
  private readonly quota: Quota
  private readonly byKind = new Map<string, Map<string, Sharer>>()
  private size = 0

  constructor(quota: Quota) {
    this.quota = quota
  }

  find({ id, kind }: Use["principal"]): Sharer | undefined {
    return this.byKind.get(kind)?.get(id)
  }

  /** Undefined for what is no principal. */
  of(principal: Use["principal"], now: number): Sharer | undefined {
    return this.find(principal) ?? (isActor(principal) ? this.add(principal, now) : undefined)
  }

  private add(principal: Use["principal"], now: number): Sharer {
    const sharer = new Sharer(this.quota, now)
    const ofKind = this.byKind.get(principal.kind) ?? new Map<string, Sharer>()
    this.byKind.set(principal.kind, ofKind.set(principal.id, sharer))
    this.size++
    return sharer
  }

  /** Forgets those of whom nothing waits, and who have not written for long enough to be as new. */
  sweep(now: number): void {
    if (this.size <= few) return
    for (const ofKind of this.byKind.values()) {
      for (const [id, sharer] of ofKind) {
        if (sharer.count > 0 || !sharer.allowance.isWhole(now)) continue
        ofKind.delete(id)
        this.size--
      }
    }
  }
}
