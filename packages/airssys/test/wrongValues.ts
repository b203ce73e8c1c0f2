/** What a program without a compiler may give where something else was meant. */
export const wrongValues = (): ReadonlyArray<readonly [name: string, value: unknown]> => {
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const throwing = (): never => {
    throw new Error("it was read")
  }
  return [
    ["null", null],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["-1", -1],
    ["1.5", 1.5],
    ["2^60", 2 ** 60],
    ["a bigint", -1n],
    ["true", true],
    ["an empty text", ""],
    ["a text", "nonsense"],
    ["a text with a NUL", "a\0b"],
    ["a huge text", "x".repeat(5_000_000)],
    ["__proto__", "__proto__"],
    ["a symbol", Symbol("s")],
    ["a function", () => 1],
    ["an array", [1, "2"]],
    ["an empty array", []],
    ["an object", { a: 1 }],
    ["an object without a prototype", Object.create(null)],
    ["a date", new Date(Number.NaN)],
    ["a promise", Promise.resolve("x")],
    ["a getter that throws", Object.defineProperty({}, "a", { enumerable: true, get: throwing })],
    ["a revoked proxy", revoked.proxy],
    [
      "a proxy that throws",
      new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing })
    ],
    ["what throws when it is shown", { toString: throwing, toJSON: throwing, [Symbol.toPrimitive]: throwing }]
  ]
}
