export interface Quota {
  /** Bytes that a principal may write at once. */
  readonly burst: number
  readonly bytesPerSecond: number
}

/**
 * The token bucket of a principal. Once it is empty the principal is suspended
 * until half of it is full again, so that a flood costs two entries in all.
 */
export class Allowance {
  private readonly quota: Quota
  private bytes: number
  private at: number
  /** Until when it is suspended, 0 if it is not. */
  private until = 0
  private refused = 0

  constructor(quota: Quota, now: number) {
    this.quota = quota
    this.bytes = quota.burst
    this.at = now
  }

  /** Until when the principal is suspended; undefined if it is not. */
  suspended(now: number): number | undefined {
    return this.until > now ? this.until : undefined
  }

  /** Whether the principal is suspended; if so a use of it was refused. */
  refuse(now: number): boolean {
    if (this.until <= now) return false
    this.refused++
    return true
  }

  /** Takes bytes, or suspends the principal and returns until when. */
  take(bytes: number, now: number): number | undefined {
    this.refill(now)
    if (this.bytes >= bytes) {
      this.bytes -= bytes
      return undefined
    }
    const missing = Math.max(0, this.quota.burst / 2 - this.bytes)
    this.until = now + Math.max(1, Math.ceil(missing / this.quota.bytesPerSecond * 1000))
    this.refused++
    return this.until
  }

  /** How many uses a suspension that is over refused; undefined where there was none. */
  release(now: number): number | undefined {
    if (this.until === 0 || this.until > now) return undefined
    const refused = this.refused
    this.until = 0
    this.refused = 0
    return refused
  }

  /** Whether it is as one of which nothing was taken. */
  isWhole(now: number): boolean {
    this.refill(now)
    return this.until <= now && this.bytes >= this.quota.burst
  }

  /** Time never runs backward here: the log sees to that. */
  private refill(now: number): void {
    this.bytes = Math.min(this.quota.burst, this.bytes + (now - this.at) * this.quota.bytesPerSecond / 1000)
    this.at = now
  }
}
