/** Units of a currency for one euro, as the European Central Bank gave them. */
export const table: ReadonlyMap<string, number> = new Map([
  ["CHF", 0.94],
  ["GBP", 0.85],
  ["JPY", 161.5],
  ["USD", 1.08]
])
