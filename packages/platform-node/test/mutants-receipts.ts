import { type Mutant, of } from "../../../scripts/lib/mutants.ts"

const tests = "NodeReceipts.test.ts"
const queries = "finds by component, sender, tenant"
const damaged = "takes nothing for kept that the disk did not take"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("NodeReceipts.ts", tests, [
    [
      "a store is opened twice",
      "storeLock.hold(file),",
      "Effect.void as ReturnType<typeof storeLock.hold>,",
      "is open once at a time"
    ],
    ["the disk may fail", "broken === undefined ? transaction(use) : Result.fail(broken)", "transaction(use)", damaged],
    [
      "nobody waits for the disk",
      "Effect.suspend(() => broken === undefined ? synced : Effect.fail(broken))",
      "Effect.void",
      damaged
    ],
    ["a reader makes the file", "readOnly: true", "readOnly: false", "can be read by others"]
  ]),
  ...of("internal/sqliteFile.ts", tests, [
    [
      "a batch is written in parts",
      "database.exec(\"BEGIN IMMEDIATE\")\n  try {",
      "try {",
      "wherever its log is torn"
    ]
  ]),
  ...of("internal/receiptSqlite.ts", tests, [
    [
      "a sender is known by its id alone",
      "\"correlation\", \"sender_kind\", \"sender\"",
      "\"correlation\", \"sender\"",
      queries
    ],
    ["a time has no beginning", "($since IS NULL OR at >= $since) AND", "", queries],
    ["a page looks at everything", "begin + looked - 1", "Infinity", "looks at no more than 10,000"],
    ["a time is looked for from the start", "Math.max(first, Number(low))", "first", "finds a time without looking"],
    [
      "a number stays as it is",
      "Math.min(Math.max(Number(given), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)",
      "Number(given)",
      "whatever a program puts"
    ],
    ["a page repeats its last receipt", "(after ?? 0) + 1", "(after ?? 0)", "gives pages that join"],
    ["nothing is too much", "Number(young), last - count + 1)", "Number(young), 0)", "keeps the newest up to a number"],
    ["nothing is too old", "young === undefined ? most : Number(young)", "first", "forgets what is too old"],
    [
      "a restart counts what was dropped from nothing",
      "dropped = dropped + ?",
      "dropped = ?1 * 0 + ?",
      "counts the rest"
    ]
  ])
]
