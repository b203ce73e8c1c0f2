/**
 * The host's side of the guests' imports, the same for all contenders.
 */

export const add = (a: number, b: number): number => (a + b) >>> 0

export const echo = (text: string): string => text

/** Answers in a microtask of its own. */
export const addLater = (a: number, b: number): Promise<number> =>
  new Promise((resolve) => queueMicrotask(() => resolve(add(a, b))))

/** In place of `addLater` where a row does not call it. */
export const notCalled = (): never => {
  throw new Error("add-later is not part of this row")
}
