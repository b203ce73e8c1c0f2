import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

const tests = "component/Storage.test.ts"

const quota = "lets in one of two that fit only one at a time"
const tenants = "charges the tenant on whose account"
const settled = "is settled with what is there"
const bounds = "bounds values and batches"
const hostile = "is refused with the line at fault"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("component/Storage.ts", tests, [
    ["owners of one id are one", "${owner.kind.toLowerCase()}/${owner.id}", "${owner.id}", "keeps the values of each"],
    [
      "a key is written twice",
      "if (keys.size === keys.add(key).size) {",
      "if (keys.size > keys.add(key).size) {",
      bounds
    ],
    ["a value has any size", "if (value.length > limits.value) {", "if (value.length < 0) {", bounds],
    ["values of a batch have any size", "if (bytes > limits.batch) {", "if (bytes < 0) {", bounds],
    ["a batch has any length", "if (checks.length + writes.length > batchLimit) {", "if (writes.length < 0) {", bounds],
    ["bytes are not copied", "value: value?.slice()", "value", "keeps the bytes that were given"],
    ["a list has any length", ", 1), pageLimit)", ", 1), Infinity)", bounds]
  ]),
  ...of("component/internal/storageKey.ts", tests, [
    [
      "a key has any length",
      "if (key.length > keyLimit) return",
      "if (key.length < 0) return",
      "refuses what is no key"
    ],
    [
      "a key has any form",
      "return Pattern.parseResource(\"storage.read\", key) === undefined",
      "return key === undefined",
      "refuses what is no key"
    ]
  ]),
  ...of("component/internal/storageAccount.ts", tests, [
    ["nothing is reserved", "if (bytes <= 0) {", "if (bytes !== 0.5) {", quota],
    ["nothing is given back", "quotas.freeUnsafe(payer, \"storage\", bytes)", "void payer", tenants],
    ["tenants pay for nothing", "  tenant\n})", "  tenant: undefined\n})", tenants],
    ["nothing is settled", "yield* quotas.settle(payerOf(owner, tenant), \"storage\", used)", "", settled],
    [
      "what was settled stays",
      "yield* Effect.addFinalizer(() => Effect.ignore(giveBack(store, quotas)))",
      "",
      settled
    ]
  ]),
  ...of("component/internal/storageTransfer.ts", tests, [
    [
      "a file goes to any owner",
      "if (header.owner !== owner && !fromAnother)",
      "if (false as boolean)",
      "goes neither"
    ],
    ["a file replaces what is there", "replace || holdings.length === 0", "true", "goes neither"],
    [
      "imports are not admitted",
      "? admit(change)",
      "? Result.succeed({ commit: () => {}, release: () => {} })",
      "is held to the quota"
    ]
  ]),
  ...of("component/StorageFile.ts", tests, [
    ["a line has any length", "if (this.#length > lineLimit) {", "if (this.#length < 0) {", hostile],
    ["a header has any spelling", "headerText(header) === found.text ? header : spelling", "header", hostile],
    ["an entry has any spelling", "entryText(entry) === text ? entry : spelling", "entry", hostile],
    ["keys come in any order", "compare(this.#last, key) >= 0", "false", hostile],
    ["a file may have more", "this.#keys > header.keys || this.#bytes > header.bytes", "false", hostile],
    [
      "a file may have less",
      "if (this.#keys !== header.keys || this.#bytes !== header.bytes) {",
      "if (false as boolean) {",
      hostile
    ],
    ["a digest is any", "return text === endText(header.keys, digest) ?", "return text.length > 0 ?", hostile],
    ["something follows the end", "if (this.#isOver) return", "if (false as boolean) return", hostile],
    ["a file needs no end", "this.#isOver && this.lines.isBetween", "true", hostile],
    ["a file imports any key", "if (problem !== undefined) return problem\n  const value", "const value", hostile]
  ]),
  ...of("security/internal/keyPage.ts", tests, [
    [
      "a cursor names what is not given",
      "cursor: cursorOf(found[limit - 1]!)",
      "cursor: cursorOf(key)",
      "gives each key"
    ],
    ["a page has any length", ", 1), pageLimit)\n\nconst text", ", 1), Infinity)\n\nconst text", "takes any limit"],
    ["a list looks for ever", "if (skipped >= skipLimit) break", "", "says so where too many keys"]
  ])
]
