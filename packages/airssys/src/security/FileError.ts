/**
 * Why an operation on a file or folder below a root failed.
 *
 * A message names the resource as the principal knows it, `inbox:/rates.csv`.
 * Where that is on the host, and what the system said, is in `cause`: it is for
 * operators and does not go to guests.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

const sentences = {
  NoSuchRoot: "this host has no root of that name",
  NotFound: "not found",
  AlreadyExists: "already exists",
  NotAFile: "not a file",
  NotAFolder: "not a folder, or below something that is none",
  NotEmpty: "the folder is not empty",
  Refused: "a link, a special file or another mount is on the way",
  NotPermitted: "the system does not permit it",
  TooLarge: "larger than the limit",
  Full: "there is no space left",
  Busy: "in use, or too many files are open: try again",
  Closed: "the handle is closed",
  InvalidRange: "a position and a length are whole numbers from 0, and a piece has at most 16 MiB",
  Unavailable: "the system failed to do it"
} as const

/**
 * `Refused` is a symbolic link, a file with several hard links, a pipe, device
 * or socket, another mount, or a name that changed while it was opened.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = keyof typeof sentences

/**
 * @category errors
 * @since 0.1.0
 */
export class FileError extends Schema.TaggedError<FileError>("airssys/security/FileError")("FileError", {
  /** `root:/path`. */
  resource: Schema.String,
  reason: Schema.Literals(Object.keys(sentences) as Array<Reason>),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${SafeText.escape(this.resource)}: ${sentences[this.reason]}`
  }
}
