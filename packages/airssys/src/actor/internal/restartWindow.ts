/**
 * The restarts of one supervisor within its window. A restart counts while
 * `now <= then + within`, as in OTP; at most `max` are remembered.
 */
export class RestartWindow {
  readonly max: number
  readonly withinMillis: number
  private times: Array<number> = []

  constructor(max: number, withinMillis: number) {
    this.max = max
    this.withinMillis = withinMillis
  }

  /** The place of one more restart in the window; undefined when there is none. */
  add(now: number): number | undefined {
    return this.count(now) >= this.max ? undefined : this.times.push(now)
  }

  /** The restarts in the window. */
  count(now: number): number {
    const { times, withinMillis } = this
    while (times.length > 0 && now > times[0]! + withinMillis) times.shift()
    return times.length
  }

  /** A life of the supervisor begins with an empty window. */
  clear(): void {
    this.times = []
  }
}
