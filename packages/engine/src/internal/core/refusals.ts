/**
 * Failures over instructions that the meter does not take.
 */
import { DecodeError } from "../../DecodeError.ts"
import { fcRefusal, refusal } from "./opcodes.ts"

/** Over an opcode of one byte. */
export const refuse = (opcode: number, offset: number): never => {
  const refused = refusal(opcode)
  return refused === undefined
    ? unknown(`unknown opcode ${opcode}`, offset)
    : unsupported(refused.feature, offset)
}

/** Over an opcode after 0xfc. */
export const refuseBulk = (code: number, offset: number): never => {
  const refused = fcRefusal(code)
  return refused === undefined ? unknown(`unknown opcode 0xfc ${code}`, offset) : unsupported(refused.feature, offset)
}

/** Over an opcode after 0xfd. */
export const refuseVector = (code: number, offset: number): never => unknown(`unknown vector opcode ${code}`, offset)

const unsupported = (feature: string, offset: number): never => fail(offset, `${feature}: not supported`, feature)

const unknown = (what: string, offset: number): never => fail(offset, what, what)

const fail = (offset: number, message: string, feature: string): never => {
  throw new DecodeError({ reason: "Refused", offset, section: "code section", message, feature })
}
