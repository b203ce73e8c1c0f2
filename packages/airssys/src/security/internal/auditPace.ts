import { longestWait } from "./auditSettings.ts"

/** What waits is behind one write and in the next: none of the two may take longer than half of the time that is left. */
const slow = longestWait / 2

/** Places that a principal has in front of the slowest disk. */
const least = 128

/**
 * How many places of the buffer one principal may take. A slow write shows how
 * many the disk takes in half of that time, where it was large enough to tell
 * this from the time that any write takes; a quick one gives back if it shows
 * that the disk can.
 */
export class Pace {
  private readonly most: number
  places: number

  constructor(most: number) {
    this.most = most
    this.places = most
  }

  wrote(size: number, millis: number): void {
    if (millis <= slow) {
      if (2 * size >= this.places) this.places = Math.min(this.most, 2 * this.places)
    } else if (size > least) {
      this.places = Math.min(this.places, Math.max(least, Math.floor(size * slow / 2 / millis)))
    }
  }
}
