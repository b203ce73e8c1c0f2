/** What somebody may have meant who misspelt a key. */

/** The known key that may be meant by one that is not. */
export const nearest = (key: string, known: ReadonlyArray<string>): string | undefined => {
  if (key.length > 64) return undefined
  const ranked = known
    .map((name) => ({ name, distance: distance(key.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined
}

/** Edit distance, two neighbours in the wrong order counting once. */
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? beforeLast[j - 2]! + 1 : substituted
      current.push(Math.min(last[j]! + 1, current[j - 1]! + 1, substituted, swapped))
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
