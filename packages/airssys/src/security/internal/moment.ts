/**
 * The time of a decision. It is read once, and only where a rule ends: that
 * takes as long as all the rest.
 */
export class Moment {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Moment = new Moment(() => 0)

  private readonly now: () => number
  private time: number | undefined

  constructor(now: () => number) {
    this.now = now
  }

  isBefore(end: number): boolean {
    return end === Number.POSITIVE_INFINITY || (this.time ??= this.now()) < end
  }
}
