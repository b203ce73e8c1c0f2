import type * as Duration from "effect/Duration"
import type { Timers } from "../Timers.ts"
import type { Alarm } from "./alarms.ts"
import type { Cell } from "./cell.ts"
import type { CellContext } from "./context.ts"
import { millisOf, positiveMillis } from "./durations.ts"
import { mixed, running } from "./flags.ts"
import { Lanes, type Ticket } from "./lanes.ts"
import type { Refusal } from "./target.ts"

const later = (cell: Cell, message: unknown, ticket: Ticket): Refusal | undefined =>
  cell.send(message, undefined, { isForced: false, priority: "Normal", ttlMillis: Infinity, ticket })

/** The timers of one life. */
export class LifeTimers implements Timers<unknown> {
  private readonly cell: Cell
  private readonly live: CellContext
  private readonly timers = new Map<string, Timer>()

  constructor(cell: Cell, live: CellContext) {
    this.cell = cell
    this.live = live
    cell.onLifeEnd(() => {
      for (const timer of this.timers.values()) timer.cancel()
      this.timers.clear()
    })
  }

  get size(): number {
    return this.timers.size
  }

  once(name: string, delay: Duration.Input, message: unknown): void {
    this.set(name, millisOf("The delay of a timer", delay), undefined, message)
  }

  periodic(name: string, interval: Duration.Input, message: unknown): void {
    const millis = positiveMillis("The interval of a timer", interval)
    this.set(name, millis, millis, message)
  }

  cancel(name: string): void {
    this.timers.get(name)?.cancel()
    this.timers.delete(name)
  }

  isActive(name: string): boolean {
    return this.timers.get(name)?.isActive === true
  }

  private set(name: string, delay: number, interval: number | undefined, message: unknown): void {
    if (this.cell.live !== this.live) return
    this.cancel(name)
    this.timers.set(name, new Timer(this.cell, this.timers, name, message, delay, interval))
  }
}

class Timer implements Ticket {
  isLive = true
  private alarm: Alarm | undefined = undefined
  private readonly cell: Cell
  private readonly timers: Map<string, Timer>
  private readonly name: string
  private readonly message: unknown
  private readonly interval: number | undefined

  constructor(
    cell: Cell,
    timers: Map<string, Timer>,
    name: string,
    message: unknown,
    delay: number,
    interval: number | undefined
  ) {
    this.cell = cell
    this.timers = timers
    this.name = name
    this.message = message
    this.interval = interval
    const { alarms } = cell
    if (delay !== Infinity) this.set(alarms.now + delay)
  }

  get isActive(): boolean {
    return this.alarm !== undefined
  }

  cancel(): void {
    this.isLive = false
    this.alarm?.cancel()
    this.alarm = undefined
  }

  /** A timer that has sent its last message is forgotten with that. */
  taken(): void {
    if (this.isLive && this.alarm === undefined) this.timers.delete(this.name)
  }

  private set(deadline: number): void {
    this.alarm = this.cell.alarms.at(deadline, () => this.ring(deadline))
  }

  private ring(deadline: number): void {
    const { interval } = this
    if (interval === undefined) this.alarm = undefined
    else {
      const missed = Math.max(0, Math.floor((this.cell.alarms.now - deadline) / interval))
      this.set(deadline + (missed + 1) * interval)
    }
    if (later(this.cell, this.message, this) !== undefined) this.taken()
  }
}

/** Tells an actor that it was told nothing for a time. It takes the ways of a mixed mailbox while it is set. */
export class Idleness implements Ticket {
  isLive = true
  private alarm: Alarm
  private lastAt: number
  private readonly cell: Cell
  private readonly millis: number
  private readonly message: unknown

  constructor(cell: Cell, millis: number, message: unknown) {
    this.cell = cell
    this.millis = millis
    this.message = message
    const rare = cell.getRare()
    rare.lanes ??= new Lanes()
    cell.flags |= mixed
    this.lastAt = cell.alarms.now
    this.alarm = this.set(this.lastAt + millis)
  }

  /** A message has ended. */
  touch(): void {
    this.lastAt = this.cell.alarms.now
  }

  cancel(): void {
    this.isLive = false
    this.alarm.cancel()
  }

  private set(deadline: number): Alarm {
    return this.cell.alarms.at(deadline, () => this.ring(deadline))
  }

  private ring(deadline: number): void {
    const { cell, lastAt, millis } = this
    // It may go off a little early.
    const now = Math.max(cell.alarms.now, deadline)
    const isBusy = (cell.flags & running) !== 0 || cell.size > 0
    const isDue = !isBusy && now >= lastAt + millis
    this.alarm = this.set(isDue || isBusy ? now + millis : lastAt + millis)
    if (isDue) later(cell, this.message, this)
  }
}
