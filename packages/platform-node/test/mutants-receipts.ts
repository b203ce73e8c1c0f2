import { type Mutant, of } from "../../../scripts/lib/mutants.ts"

const tests = "NodeReceipts.test.ts"
const queries = "finds by component, sender, tenant"
const written = "keeps apart what has all but one"
const none = "takes nothing for a receipt that is none"
const silent = "closes where its disk does not answer"
const damaged = "takes nothing for kept that the disk did not take"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("NodeReceipts.ts", tests, [
    [
      "a store is opened twice",
      "storeLock.hold(file),",
      "Effect.void as ReturnType<typeof storeLock.hold>,",
      "is open once at a time"
    ],
    ["the disk may fail", "this.#broken ?? this.#lost", "this.#lost", damaged],
    ["the file may be gone", "this.#broken ?? this.#lost", "this.#broken", "takes nothing while receipts.db is lost"],
    [
      "a sync is not waited for",
      "if (this.#syncing > 0) return\n      this",
      "this",
      "has brought its log into the file"
    ],
    ["nobody waits for the disk", "sync: Effect.andThen(disk.sync, written)", "sync: Effect.void", damaged],
    [
      "a disk that does not answer is asked to close",
      "!this.#isClosed || this.#syncing > 0",
      "!this.#isClosed",
      silent
    ],
    ["files stay open", "      this.#end()\n      for", "      for", silent],
    [
      "who does not wait learns nothing",
      "if (this.#broken !== undefined) return resume",
      "if (0 > 1) return resume",
      "knows of a disk"
    ],
    ["a reader makes the file", "readOnly: true", "readOnly: false", "can be read by others"]
  ]),
  ...of("NodeHost.ts", tests, [
    [
      "receipts take longer than their host",
      "Duration.min(Duration.fromInputUnsafe(shutdown), closing)",
      "closing",
      "closes with its host"
    ]
  ]),
  ...of("internal/sqliteFile.ts", tests, [
    [
      "a batch is written in parts",
      "database.exec(\"BEGIN IMMEDIATE\")\n  try {",
      "try {",
      "wherever its log is torn"
    ]
  ]),
  ...of("internal/receiptRows.ts", tests, [
    ["a sender is known by its kind alone", "a._tag === b._tag && idOf(a) === idOf(b)", "a._tag === b._tag", written],
    ["a tenant pays for the one before it", "a.tenant === b.tenant && ", "", written],
    ["another release handled it", "a.release === b.release && ", "", written],
    ["accounts are the one before", "isSameAccount(newest.receipt, receipt)", "true", written],
    [
      "a number stays as it is",
      "Math.min(Math.max(Number(given), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)",
      "Number(given)",
      "whatever a program puts"
    ],
    [
      "times that are far apart count from the first",
      "Number.isSafeInteger(latest - earliest) ? earliest : 0",
      "earliest",
      "whatever a program puts"
    ],
    ["what is cut off is not missed", "rests?.length !== last - first + 1", "rests === undefined", none],
    ["an account has any outcome", "(outcome === \"Handled\" || outcome === \"Failed\") && ", "", none],
    ["a receipt has any memory", "isWhole(memory) && ", "", none]
  ]),
  ...of("internal/receiptSqlite.ts", tests, [
    ["everything is wanted", "number > to || !matches(query, receipt)", "number > to", queries],
    ["a page looks at everything", "begin + looked - 1", "Infinity", "looks at no more than 10,000"],
    ["a page looks at every batch", "++batches === batchesAtOnce", "false", "looks at no more than 1,024 batches"],
    ["a page goes on behind its batch", "Math.max(batch.first, from)", "Math.max(batch.last, from)", "1,024 batches"],
    ["a time is looked for from the start", "Math.max(first, Number(low))", "first", "finds a time without looking"],
    ["a page repeats its last receipt", "(after ?? 0) + 1", "(after ?? 0)", "gives pages that join"],
    ["nothing is too much", "first, most), last - count + 1)", "first, most), 0)", "keeps the newest up to a number"],
    ["nothing is too old", "return most\n", "return first\n", "forgets what is too old"],
    ["a batch is as old as its last", "batch.first + young\n", "batch.last\n", "forgets what is too old"],
    ["others see what was taken out", "WHERE sequence >= (SELECT first FROM counter)", "", "is one table"],
    [
      "a restart counts what was dropped from nothing",
      "dropped = dropped + ?",
      "dropped = ?1 * 0 + ?",
      "counts the rest"
    ]
  ])
]
