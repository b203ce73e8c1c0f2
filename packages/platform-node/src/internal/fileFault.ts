import type { Reason } from "airssys/security/FileError"
import { FileError } from "airssys/security/FileError"
import * as Effect from "effect/Effect"
import { codeOf } from "./ownedPaths.ts"

/** A failure of a file as what is thrown between the functions of this folder. */
export class FileFault extends Error {
  readonly reason: Reason

  constructor(reason: Reason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

const reasons: ReadonlyMap<string | undefined, Reason> = new Map([
  ["ENOENT", "NotFound"],
  ["ENAMETOOLONG", "NotFound"],
  ["EEXIST", "AlreadyExists"],
  ["ENOTDIR", "NotAFolder"],
  ["EISDIR", "NotAFile"],
  ["ENOTEMPTY", "NotEmpty"],
  ["ELOOP", "Refused"],
  ["ENXIO", "Refused"],
  ["EXDEV", "Refused"],
  ["EACCES", "NotPermitted"],
  ["EPERM", "NotPermitted"],
  ["EROFS", "NotPermitted"],
  ["EFBIG", "TooLarge"],
  ["ENOSPC", "Full"],
  ["EDQUOT", "Full"],
  ["EBUSY", "Busy"],
  ["ETXTBSY", "Busy"],
  ["EMFILE", "Busy"],
  ["ENFILE", "Busy"],
  ["EBADF", "Closed"],
  ["ERR_DIR_CLOSED", "Closed"]
])

export const fileError = (resource: string, cause: unknown): FileError =>
  new FileError({
    resource,
    reason: cause instanceof FileFault ? cause.reason : reasons.get(codeOf(cause)) ?? "Unavailable",
    cause
  })

/**
 * Runs what works on files. An interruption aborts the signal and waits: when
 * it is over nothing is under way any more, and what was opened is closed.
 */
export const attempt = <A>(
  resource: string,
  run: (signal: AbortSignal) => Promise<A>
): Effect.Effect<A, FileError> =>
  Effect.callback((resume, signal) => {
    const running = run(signal).then(
      (value) => resume(Effect.succeed(value)),
      (cause: unknown) => resume(Effect.fail(fileError(resource, cause)))
    )
    return Effect.promise(() => running)
  })
