/**
 * Bugs to plant into the production loop, each with the program that has to
 * find it. `find` is source text that occurs exactly once.
 */
import type { programs } from "./programs.ts"

export interface Edit {
  /** Below `src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Bug {
  readonly name: string
  readonly program: keyof typeof programs
  readonly edits: ReadonlyArray<Edit>
}

const context = "actor/internal/context.ts"
const leftovers = "actor/internal/leftovers.ts"
const loop = "actor/internal/loop.ts"
const mixed = "actor/internal/mixed.ts"
const turns = "actor/internal/turns.ts"

export const bugs: ReadonlyArray<Bug> = [
  {
    name: "lost wake-up: messages that came during a message schedule nothing",
    program: "senders",
    edits: [{ file: loop, find: "  schedule(cell)\n  flush(cell)\n", replace: "  flush(cell)\n" }]
  },
  {
    name: "lost wake-up: a turn that leaves one actor behind is not scheduled again",
    program: "senders",
    edits: [{
      file: turns,
      find: "if (this.size > 0) this.scheduler.later(this.turn)",
      replace: "if (this.size > 1) this.scheduler.later(this.turn)"
    }]
  },
  {
    name: "lost wake-up: what waits over a restart is not begun",
    program: "restarts",
    edits: [{ file: "actor/internal/starting.ts", find: "  schedule(cell)\n", replace: "" }]
  },
  {
    name: "double delivery: the last message of a full batch stays in the mailbox",
    program: "senders",
    edits: [
      { file: loop, find: "      slots[at] = undefined\n      if (from", replace: "      if (from" },
      {
        file: loop,
        find: "  turns.leave(handled)\n",
        replace:
          "  if (cell.head === end && cell.tail !== end) {\n    cell.head--\n    handled--\n  }\n  turns.leave(handled)\n"
      }
    ]
  },
  {
    name: "lost message: a mailbox that grows mixes up its places",
    program: "senders",
    edits: [{
      file: "actor/internal/ring.ts",
      find: "const to = (i & (length - 1)) << 1",
      replace: "const to = ((i + (i >>> 2)) & (length - 1)) << 1"
    }]
  },
  {
    name: "restart race: the next life begins before the last one has released",
    program: "restarts",
    edits: [{
      file: "actor/internal/teardown.ts",
      find: "if (closing === undefined) return next()",
      replace: "next()\n  if (closing !== undefined) Effect.runForkWith(cell.context)(closing)\n  return"
    }]
  },
  {
    name: "restart race: the context of an earlier life stops the next one",
    program: "restarts",
    edits: [{
      file: context,
      find: "if (this.cell.live === this) this.cell.leave()",
      replace: "this.cell.leave()"
    }]
  },
  {
    name: "forgotten asker: its request was held by a life that crashed",
    program: "restarts",
    edits: [{
      file: leftovers,
      find: "for (const ask of asks) ask.settle(Exit.fail(new ActorRestarted({ actor: cell.name })))",
      replace: "void asks"
    }]
  },
  {
    name: "forgotten asker: its request waits when the actor ends",
    program: "endings",
    edits: [{
      file: leftovers,
      find: "    if (from instanceof Ask) orphans.push(from)\n",
      replace: ""
    }]
  },
  {
    name: "double end: a handler that was interrupted ends its message a second time",
    program: "endings",
    edits: [{ file: loop, find: "  if (cell.fiber !== fiber) return\n", replace: "" }]
  },
  {
    name: "lost message: a stop forgets what waits for an actor that is about to run",
    program: "senders",
    edits: [{
      file: "actor/internal/stopping.ts",
      find: "if ((cell.flags & (running | scheduled)) === 0) return terminate",
      replace: "if ((cell.flags & running) === 0 && scheduled > 0) return terminate"
    }]
  },
  {
    name: "lost wake-up: a spawn that yields before it waits misses the start of its actor",
    program: "families",
    edits: [{
      file: "actor/internal/spawning.ts",
      find: `    return Effect.callback<Cell, unknown>((resume) => {
      const cell = admit(system, parent, behaviour, options, context)
      if (!(cell instanceof Cell)) return resume(Effect.fail(cell))
      let isStarted = false
      let forget: (() => void) | undefined
      start(cell, (exit) => {
        isStarted = true
        forget?.()
        resume(settleStart(cell, exit))
      })
      if (isStarted) return
      forget =`,
      replace: `    const cell = admit(system, parent, behaviour, options, context)
    if (!(cell instanceof Cell)) return Effect.fail(cell)
    let exit: Exit.Exit<Handler<unknown>, unknown> | undefined
    let resumeStart: (() => void) | undefined
    start(cell, (started) => {
      exit = started
      resumeStart?.()
    })
    if (exit !== undefined) return settleStart(cell, exit)
    return Effect.callback<Cell, unknown>((resume) => {
      resumeStart = () => resume(settleStart(cell, exit!))
      const forget =`
    }]
  },
  {
    name: "lost wake-up: an offer that waits for room is not let in",
    program: "lossless",
    edits: [{
      file: mixed,
      find: "    if (lanes.blocked.size > 0) admit(cell, lanes)\n",
      replace: ""
    }]
  },
  {
    name: "forgotten asker: its request made room for another message",
    program: "dropsOldest",
    edits: [{ file: mixed, find: "if (evicted?.from instanceof Ask) resume(", replace: "if (false) resume(" }]
  },
  {
    name: "forgotten asker: its request was no longer good when its turn came",
    program: "fails",
    edits: [{
      file: mixed,
      find: "if (from instanceof Ask) resume(cell, from, Exit.fail(new MessageExpired",
      replace: "if (false) resume(cell, from as never, Exit.fail(new MessageExpired"
    }]
  },
  {
    name: "timer of an earlier life: its message was waiting when that life ended",
    program: "lateness",
    edits: [{ file: mixed, find: "envelope.ticket?.isLive === false", replace: "false" }]
  },
  {
    name: "timer of an earlier life: it goes on",
    program: "lateness",
    edits: [
      {
        file: "actor/internal/timing.ts",
        find: "      for (const timer of this.timers.values()) timer.cancel()\n",
        replace: ""
      }
    ]
  },
  {
    name: "lost stash: a restart forgets what was stashed, and who waits for it",
    program: "lateness",
    edits: [{
      file: leftovers,
      find: "  discard(cell, takeStashed(cell), held)\n",
      replace: "  takeStashed(cell)\n"
    }]
  },
  {
    name: "lost message: one that may still be delivered again is put into quarantine",
    program: "redelivery",
    edits: [{
      file: "actor/internal/redelivery.ts",
      find: "++taken.crashes > lanes.redeliver",
      replace: "++taken.crashes >= lanes.redeliver"
    }]
  }
]
