/** Operands of inserted code: what they say of fuel and stack. */
import { fresh } from "./state.ts"

export type Value =
  | { readonly is: "fuel"; readonly less: number }
  | { readonly is: "stack"; readonly less: number }
  | { readonly is: "constant"; readonly value: number }
  | { readonly is: "fuelNegative" }
  /** Negative if the fuel or the stack is. */
  | { readonly is: "both"; readonly less: number }
  | { readonly is: "eitherNegative"; readonly less: number }
  | { readonly is: "unknown" }

export const valueOf = (kept: number): Value =>
  Number.isNaN(kept) ? { is: "unknown" } : kept === fresh ? { is: "fuel", less: 0 } : { is: "stack", less: kept }

export const combined = (name: string | undefined, left: Value, right: Value): Value => {
  if (name === "i32.or" && left.is === "fuel" && left.less === 0 && right.is === "stack") {
    return { is: "both", less: right.less }
  }
  if (right.is !== "constant") return { is: "unknown" }
  const { value } = right
  if (name === "i32.sub" && (left.is === "fuel" || left.is === "stack")) return { ...left, less: left.less + value }
  if (name === "i32.add" && left.is === "stack") return { ...left, less: left.less - value }
  if (name === "i32.lt_s" && left.is === "fuel" && left.less === 0 && value === 0) return { is: "fuelNegative" }
  if (name === "i32.lt_s" && left.is === "both" && value === 0) return { is: "eitherNegative", less: left.less }
  return { is: "unknown" }
}
