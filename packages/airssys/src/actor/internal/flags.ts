/** In the run-queue. */
export const scheduled = 1
/** A message is being handled, on this stack or on `fiber`. */
export const running = 1 << 1
/** No message may be begun: the actor starts, restarts or ends. */
export const paused = 1 << 2
/** No message is accepted. */
export const closed = 1 << 3
/** Ends by itself after the current message. */
export const leaving = 1 << 4
/** The end is decided; the current message may still be on the stack. */
export const doomed = 1 << 5
/** Ends when no message waits. */
export const draining = 1 << 6
/** A teardown before a restart is under way. */
export const tearing = 1 << 7
/** Somebody is to be resumed when the message on the stack has ended. */
export const answering = 1 << 8

export const statusShift = 9
export const statusMask = 7 << statusShift

/** The life ends after the current message; the supervisor decides what follows. */
export const suspending = 1 << 12
/** What waits is not all plain messages: the plain loop may not take it. */
export const mixed = 1 << 13
/** The handler was replaced. */
export const changed = 1 << 14
/** The current message goes to the stash when it has ended. */
export const aside = 1 << 15

export const busy = scheduled | running | paused
export const interruptsBatch = paused | leaving | doomed | answering | suspending | mixed | changed | aside
export const endsAfterBatch = leaving | doomed | draining | suspending
/** What a batch that went well has to look after when it ends. */
export const unusual = endsAfterBatch | aside | changed | mixed
