/**
 * Receipts as they are written together: what many of them have in common once,
 * their accounts, and an array of the rest for each, both as JSON. A time counts
 * from the base of its batch.
 */
import type { MessageReceipt } from "airssys/component/Receipt"
import { ReceiptStoreError } from "airssys/component/ReceiptStore"

export interface Batch {
  /** Numbers of the first and the last of them. */
  readonly first: number
  readonly last: number
  /** Times. */
  readonly earliest: number
  readonly latest: number
  readonly base: number
  readonly accounts: string
  readonly receipts: string
}

type Account = readonly [
  component: string,
  exported: string,
  senderKind: string,
  sender: string | null,
  tenant: string | null,
  release: string,
  outcome: string,
  costTable: number | null
]

type Rest = readonly [
  time: number,
  account: number,
  id: string,
  correlation: string,
  fuel: number | null,
  memory: number,
  nanos: number
]

/** What fits a column, whatever a program has put into a receipt. */
export const whole = (given: number | bigint | undefined): number | null => {
  if (Number.isSafeInteger(given)) return given as number
  if (given === undefined || Number.isNaN(given)) return null
  return Math.trunc(Math.min(Math.max(Number(given), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))
}

export const idOf = (sender: MessageReceipt["sender"]): string | null => sender._tag === "Host" ? null : sender.id

const accountOf = ({ component, costTable, outcome, release, sender, tenant, ...of }: MessageReceipt): Account => [
  component,
  of.export,
  sender._tag,
  idOf(sender),
  tenant ?? null,
  release,
  outcome,
  whole(costTable)
]

const isSameSender = (a: MessageReceipt["sender"], b: MessageReceipt["sender"]): boolean =>
  a === b || (a._tag === b._tag && idOf(a) === idOf(b))

const isSameAccount = (a: MessageReceipt, b: MessageReceipt): boolean =>
  a.export === b.export && a.tenant === b.tenant && a.outcome === b.outcome && a.costTable === b.costTable &&
  a.release === b.release && isSameSender(a.sender, b.sender)

/** The accounts of a batch. Most receipts have that of the one before it of their component. */
class Accounts {
  readonly #numbers = new Map<string, number>()
  readonly #newest = new Map<string, { readonly receipt: MessageReceipt; readonly number: number }>()

  numberOf(receipt: MessageReceipt): number {
    const newest = this.#newest.get(receipt.component)
    if (newest !== undefined && isSameAccount(newest.receipt, receipt)) return newest.number
    const account = JSON.stringify(accountOf(receipt))
    const number = this.#numbers.get(account) ?? this.#numbers.size
    this.#numbers.set(account, number)
    this.#newest.set(receipt.component, { receipt, number })
    return number
  }

  get text(): string {
    return `[${[...this.#numbers.keys()].join()}]`
  }
}

const timeOf = ({ at }: MessageReceipt): number => whole(at) ?? 0

/** Of one receipt or more. */
export const encode = (receipts: ReadonlyArray<MessageReceipt>, first: number): Batch => {
  let [earliest, latest] = [Infinity, -Infinity]
  for (const receipt of receipts) {
    const time = timeOf(receipt)
    if (time < earliest) earliest = time
    if (time > latest) latest = time
  }
  const base = Number.isSafeInteger(latest - earliest) ? earliest : 0
  const accounts = new Accounts()
  const rests = receipts.map((receipt): Rest => [
    timeOf(receipt) - base,
    accounts.numberOf(receipt),
    receipt.id,
    receipt.correlation,
    whole(receipt.fuel),
    whole(receipt.memory) ?? 0,
    whole(receipt.nanos) ?? 0
  ])
  return {
    first,
    last: first + receipts.length - 1,
    earliest,
    latest,
    base,
    accounts: accounts.text,
    receipts: JSON.stringify(rests)
  }
}

const isText = (value: unknown): value is string => typeof value === "string"
const isWhole = Number.isSafeInteger
const isNull = (value: unknown): value is null => value === null

const isAccount = (value: unknown): value is Account => {
  if (!Array.isArray(value) || value.length !== 8) return false
  const [component, exported, kind, sender, tenant, release, outcome, costTable] = value
  return isText(component) && isText(exported) && isText(release) && (isNull(tenant) || isText(tenant)) &&
    (kind === "Host" ? isNull(sender) : (kind === "Operator" || kind === "Component") && isText(sender)) &&
    (outcome === "Handled" || outcome === "Failed") && (isNull(costTable) || isWhole(costTable))
}

const isRest = (value: unknown): value is Rest => {
  if (!Array.isArray(value) || value.length !== 7) return false
  const [time, account, id, correlation, fuel, memory, nanos] = value
  return isWhole(time) && isWhole(account) && isText(id) && isText(correlation) &&
    (isNull(fuel) || isWhole(fuel)) && isWhole(memory) && isWhole(nanos)
}

const receiptOf = (account: Account, base: number, rest: Rest): MessageReceipt => {
  const [component, exported, kind, sender, tenant, release, outcome, costTable] = account
  const [time, , id, correlation, fuel, memory, nanos] = rest
  return {
    component,
    export: exported,
    id,
    correlation,
    sender: kind === "Operator" || kind === "Component" ? { _tag: kind, id: sender ?? "" } : { _tag: "Host" },
    tenant: tenant ?? undefined,
    release,
    at: base + time,
    outcome: outcome === "Failed" ? "Failed" : "Handled",
    fuel: fuel ?? undefined,
    costTable: costTable ?? undefined,
    memory,
    nanos: BigInt(nanos)
  }
}

const parsed = <A>(text: string, isOne: (value: unknown) => value is A): ReadonlyArray<A> | undefined => {
  try {
    const values: unknown = JSON.parse(text)
    return Array.isArray(values) && values.every(isOne) ? values : undefined
  } catch {
    return undefined
  }
}

/** Throws a `ReceiptStoreError` for what was not written by `encode`. */
export const decode = ({ base, first, last, ...of }: Batch): ReadonlyArray<MessageReceipt> => {
  const accounts = parsed(of.accounts, isAccount)
  const rests = parsed(of.receipts, isRest)
  if (accounts === undefined || rests?.length !== last - first + 1) throw damaged(first)
  return rests.map((rest) => {
    const account = accounts[rest[1]]
    if (account === undefined) throw damaged(first)
    return receiptOf(account, base, rest)
  })
}

const damaged = (first: number): ReceiptStoreError =>
  new ReceiptStoreError({
    reason: "Damaged",
    detail: `receipt ${first} and those behind it are not as they were written`
  })
