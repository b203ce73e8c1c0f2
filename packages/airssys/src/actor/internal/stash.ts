import type { Envelope } from "./lanes.ts"

/** Messages a life has set aside, the oldest first. */
export class Stash {
  readonly envelopes: Array<Envelope> = []
  /** The message in work, which joins the others when it has ended. */
  next: Envelope | undefined = undefined
}
