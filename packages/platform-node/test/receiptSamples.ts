/** What a victim offers as receipts, and what has to be there when it was killed. */
import type { MessageReceipt } from "airssys/component/Receipt"

export const receiptOf = (life: string, number: number): MessageReceipt => ({
  component: `acme:c${number % 7}`,
  export: "rates.latest",
  id: `${life}-m${number}`,
  correlation: `${life}/${number}`.padEnd(number % 400, "."),
  sender: number % 2 === 0 ? { _tag: "Host" } : { _tag: "Component", id: `acme:s${number % 5}` },
  tenant: number % 3 === 0 ? undefined : `tenant-${number % 11}`,
  release: `sha256:${"ab".repeat(32)}`,
  at: number,
  outcome: number % 13 === 0 ? "Failed" : "Handled",
  fuel: number % 17 === 0 ? undefined : number * 1000,
  costTable: 1,
  memory: 65_536,
  nanos: BigInt(number)
})
