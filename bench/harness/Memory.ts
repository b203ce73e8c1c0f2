/**
 * What a process keeps, after a collection.
 */
const collected = (): NodeJS.MemoryUsage => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("memory cannot be measured without --expose-gc")
  gc()
  return process.memoryUsage()
}

/** Bytes of the JavaScript heap. */
export const heap = (): number => collected().heapUsed

/** Bytes of physical memory that the process has. */
export const resident = (): number => collected().rss
