import { isAccessDenied } from "@airssys/sdk/HostError"
import * as files from "acme:tools/files@1.0.0"
import type { Runner } from "acme:tools/plugin@1.0.0"

const said = (error: unknown): string => isAccessDenied(error) ? "access denied" : String(error)

export const runner: Runner = {
  run(tool, input) {
    let result: unknown
    try {
      result = new Function("input", "files", tool)(input, { read: files.read })
    } catch (error) {
      throw said(error)
    }
    return String(result)
  }
}
