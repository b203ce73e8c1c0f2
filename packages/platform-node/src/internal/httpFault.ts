import type { Reason } from "airssys/security/HttpError"
import { HttpError } from "airssys/security/HttpError"
import { codeOf } from "./ownedPaths.ts"

/** A failure of an exchange as what is thrown between the functions of this folder. */
export class HttpFault extends Error {
  readonly reason: Reason

  constructor(reason: Reason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

const ofTls = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/
const ofConnecting: ReadonlySet<string> = new Set([
  "EACCES",
  "EADDRNOTAVAIL",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "EMFILE",
  "ENETUNREACH",
  "EPERM",
  "ETIMEDOUT"
])
const ofNames: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "ENODATA", "ESERVFAIL"])

const reasonOf = (cause: unknown): Reason => {
  if (cause instanceof HttpFault) return cause.reason
  const code = codeOf(cause) ?? ""
  if (ofTls.test(code)) return "Insecure"
  if (ofConnecting.has(code)) return "Unreachable"
  if (ofNames.has(code)) return "NotFound"
  if (code === "HPE_HEADER_OVERFLOW") return "TooLarge"
  if (code.startsWith("HPE_")) return "Protocol"
  return code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT") || code.startsWith("ERR_BROTLI")
    ? "Encoding"
    : "Closed"
}

export const httpError = (resource: string, cause: unknown): HttpError =>
  new HttpError({ resource, reason: reasonOf(cause), cause })
