import { type Mutant, of } from "../../../scripts/lib/mutants.ts"

const tests = "NodeStorage.test.ts"
const damaged = "gives no value that is not as it was written"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("NodeStorage.ts", tests, [
    [
      "what is lost is not missed",
      "if (commits >= mark.found) return",
      "if (commits >= 0) return",
      "loses nothing silently"
    ],
    [
      "an older copy is opened",
      "if (commits >= mark.found) return",
      "if (commits >= 0) return",
      "refuses an older copy"
    ],
    [
      "a store is opened twice",
      "storeLock.hold(file),",
      "Effect.void as ReturnType<typeof storeLock.hold>,",
      "is not opened a second time"
    ]
  ]),
  ...of("internal/storageRows.ts", tests, [
    ["a damaged value is given", "if (isIntact) return entry", "if (isIntact || true) return entry", damaged],
    ["counts know no content", "(former.checksum ^ one.checksum) >>> 0", "0", damaged]
  ]),
  ...of("internal/sqliteFile.ts", tests, [
    [
      "anybody reads the file",
      "fs.fchmodSync(made, 0o600)",
      "fs.fchmodSync(made, 0o644)",
      "keeps its files for their owner"
    ],
    [
      "a file of any program is taken",
      "if (id !== applicationId) throw",
      "if (id < 0) throw",
      "refuses a file of another program"
    ],
    [
      "a file of any version is taken",
      "if (found !== version) throw",
      "if (found < 0) throw",
      "refuses a file of another program"
    ]
  ]),
  ...of("internal/checkpoints.ts", tests, [
    [
      "a thread ends in silence",
      "Deferred.doneUnsafe(gone, Effect.succeed(cause))",
      "",
      "where the thread for its log ends"
    ],
    [
      "nobody does the work of a thread",
      "pages(stepBytes / pageBytes)",
      "pages(0)",
      "where the thread for its log ends"
    ],
    [
      "a thread is waited for",
      "thread.close, patience",
      "thread.close, \"1 hour\"",
      "thread for its log does not answer"
    ]
  ]),
  ...of("internal/storageWriter.ts", tests, [
    [
      "room is kept where nothing is written",
      "for (const { room } of ran) room?.release()",
      "",
      "gives room back where a write fails"
    ],
    [
      "the disk may fail",
      "this.#broken ?? this.#lost",
      "this.#lost",
      "takes no writes after the disk failed"
    ],
    [
      "the file may be gone",
      "this.#broken ?? this.#lost",
      "this.#broken",
      "takes no writes while storage.db is lost"
    ]
  ]),
  ...of("internal/storageSqlite.ts", tests, [
    ["room is kept where a write fails", "    room.success.release()\n", "", "gives room back where a write fails"],
    [
      "a check always holds",
      "if (this.#state(owner, key)?.revision !== revision) {",
      "if (false as boolean) {",
      "makes a batch when every check holds"
    ],
    ["drafts are swept while they are made", "drafts.open.has(id)", "id < 0", "shows nothing of a draft"],
    [
      "nothing is swept",
      "if (id === undefined) return false",
      "if (id !== 0.5) return false",
      "sweeps what an import left behind"
    ]
  ])
]
