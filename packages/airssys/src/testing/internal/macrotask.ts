type Run = (run: () => void) => void

/** Runs something in a macrotask of its own, by what the platform had when this was loaded. */
export const macrotask: Run = (() => {
  const { setImmediate, setTimeout } = globalThis as { readonly setImmediate?: Run; readonly setTimeout: Run }
  return setImmediate ?? ((run: () => void) => setTimeout(run))
})()
