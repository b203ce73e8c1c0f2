/** Does one after the other; a loop, so that many that end at once need no deep stack. */
export const inTurn = <A>(
  items: ReadonlyArray<A>,
  each: (item: A, next: () => void) => void,
  done: () => void
): void => {
  let index = 0
  const step = (): void => {
    while (index < items.length) {
      let isSynchronous = true
      let isDone = false
      each(items[index++]!, () => {
        isDone = true
        if (!isSynchronous) step()
      })
      isSynchronous = false
      if (!isDone) return
    }
    done()
  }
  step()
}

/** Does all at once. */
export const together = <A>(
  items: ReadonlyArray<A>,
  each: (item: A, next: () => void) => void,
  done: () => void
): void => {
  let open = 1
  const next = (): void => {
    if (--open === 0) done()
  }
  for (const item of items) {
    open++
    each(item, next)
  }
  next()
}
