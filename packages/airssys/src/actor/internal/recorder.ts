import type { ActorContext } from "../ActorContext.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Cell } from "./cell.ts"
import { overlayHandler } from "./overlay.ts"

type Content =
  | { readonly _tag: "Received"; readonly message: unknown; readonly from: ActorRef<never> | undefined }
  | { readonly _tag: "Told" | "Asked"; readonly message: unknown; readonly to: ActorRef<never> }
  | { readonly _tag: "Replied"; readonly request: unknown; readonly value: unknown }
  | { readonly _tag: "Refused"; readonly request: unknown; readonly error: unknown }

/** The recorders of a cell share one overlay, so that they may close in any order. */
const overlays = new WeakMap<Cell, { readonly recorders: Set<Recorder<never>>; readonly remove: () => void }>()

/** The latest things one actor did. */
export class Recorder<E> {
  dropped = 0
  private readonly kept: Array<E> = []
  private readonly cell: Cell
  private readonly capacity: number

  constructor(cell: Cell, capacity: number) {
    this.cell = cell
    this.capacity = capacity
    const { recorders } = overlays.get(cell) ?? overlay(cell)
    recorders.add(this as unknown as Recorder<never>)
  }

  record(content: Content): void {
    const entry = { ...content, at: this.cell.clock.currentTimeMillisUnsafe() } as E
    const seen = this.kept.length + this.dropped
    if (this.kept.length < this.capacity) {
      this.kept.push(entry)
      return
    }
    this.kept[seen % this.capacity] = entry
    this.dropped++
  }

  get entries(): ReadonlyArray<E> {
    const oldest = this.dropped % this.capacity
    return [...this.kept.slice(oldest), ...this.kept.slice(0, oldest)]
  }

  close(): void {
    const shared = overlays.get(this.cell)
    if (shared === undefined || !shared.recorders.delete(this as unknown as Recorder<never>)) return
    if (shared.recorders.size > 0) return
    shared.remove()
    overlays.delete(this.cell)
  }
}

const overlay = (cell: Cell) => {
  const recorders = new Set<Recorder<never>>()
  const record = (content: Content): void => {
    for (const recorder of recorders) recorder.record(content)
  }
  let wrapped: { readonly live: ActorContext<unknown>; readonly by: ActorContext<unknown> } | undefined
  const remove = overlayHandler(cell, (handler) => (message, context) => {
    record({ _tag: "Received", message, from: context.sender })
    if (wrapped?.live !== context) wrapped = { live: context, by: recording(context, record) }
    return handler(message, wrapped.by)
  })
  const shared = { recorders, remove }
  overlays.set(cell, shared)
  return shared
}

/** A context that tells what is done through it. */
const recording = (context: ActorContext<unknown>, record: (content: Content) => void): ActorContext<unknown> => {
  const noted = {
    tell: (to: ActorRef<never>, message: unknown) => record({ _tag: "Told", to, message }),
    ask: (to: ActorRef<never>, message: unknown) => record({ _tag: "Asked", to, message }),
    reply: (request: unknown, value: unknown) => record({ _tag: "Replied", request, value }),
    fail: (request: unknown, error: unknown) => record({ _tag: "Refused", request, error })
  }
  const members = new Map<PropertyKey, unknown>()
  return new Proxy(context, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== "function") return value
      let member = members.get(name)
      if (member === undefined) {
        const note = Object.hasOwn(noted, name)
          ? noted[name as keyof typeof noted] as (...args: never) => void
          : undefined
        member = (...args: Array<never>) => {
          note?.apply(undefined, args as never)
          return value.apply(target, args)
        }
        members.set(name, member)
      }
      return member
    }
  })
}
