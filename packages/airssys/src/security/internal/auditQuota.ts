/** What is known of a principal that wrote lately. */
interface Bucket {
  bytes: number
  at: number
  /** Until when it is suspended, 0 if it is not. */
  until: number
  refused: number
}

export interface Quota {
  /** Bytes that a principal may write at once. */
  readonly burst: number
  readonly bytesPerSecond: number
}

/** Buckets that are not swept because they are few. */
const few = 1024

/**
 * Token buckets by principal. One that is empty suspends its principal until
 * half of it is full again, so that a flood costs two entries in all.
 */
export class AuditQuota {
  private readonly buckets = new Map<string, Bucket>()
  private readonly quota: Quota

  constructor(quota: Quota) {
    this.quota = quota
  }

  /** Until when a principal is suspended; undefined if it is not. */
  suspended(key: string, now: number): number | undefined {
    const until = this.buckets.get(key)?.until ?? 0
    return until > now ? until : undefined
  }

  /** Whether a principal is suspended; a use of one that is was refused. */
  refuse(key: string, now: number): boolean {
    const bucket = this.buckets.get(key)
    if (bucket === undefined || bucket.until <= now) return false
    bucket.refused++
    return true
  }

  /** Takes bytes from the share of a principal, or suspends it and returns until when. */
  take(key: string, bytes: number, now: number): number | undefined {
    const bucket = this.buckets.get(key) ?? { bytes: this.quota.burst, at: now, until: 0, refused: 0 }
    this.buckets.set(key, bucket)
    this.refill(bucket, now)
    if (bucket.bytes >= bytes) {
      bucket.bytes -= bytes
      return undefined
    }
    const missing = Math.max(0, this.quota.burst / 2 - bucket.bytes)
    bucket.until = now + Math.max(1, Math.ceil(missing / this.quota.bytesPerSecond * 1000))
    bucket.refused++
    return bucket.until
  }

  /** How many uses a suspension that is over refused; undefined where there was none. */
  release(key: string, now: number): number | undefined {
    const bucket = this.buckets.get(key)
    if (bucket === undefined || bucket.until === 0 || bucket.until > now) return undefined
    const refused = bucket.refused
    bucket.until = 0
    bucket.refused = 0
    return refused
  }

  /** Forgets those who have not written for long enough to be as new. */
  sweep(now: number): void {
    if (this.buckets.size <= few) return
    for (const [key, bucket] of this.buckets) {
      this.refill(bucket, now)
      if (bucket.until <= now && bucket.bytes >= this.quota.burst) this.buckets.delete(key)
    }
  }

  /** Time never runs backward here: the log sees to that. */
  private refill(bucket: Bucket, now: number): void {
    bucket.bytes = Math.min(
      this.quota.burst,
      bucket.bytes + (now - bucket.at) * this.quota.bytesPerSecond / 1000
    )
    bucket.at = now
  }
}
