import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const file = "security/internal/auditFile.ts"
const checker = "security/internal/auditChecker.ts"
const recovery = "security/internal/auditRecovery.ts"
const writer = "security/internal/auditWriter.ts"
const queue = "security/internal/auditQueue.ts"
const quota = "security/internal/auditQuota.ts"
const repeats = "security/internal/auditRepeats.ts"
const sharers = "security/internal/auditSharers.ts"
const pace = "security/internal/auditPace.ts"
const settings = "security/internal/auditSettings.ts"
const retention = "security/internal/auditRetention.ts"
const notary = "security/internal/auditNotary.ts"
const witness = "security/AuditWitness.ts"
const checkpoint = "security/AuditCheckpoint.ts"
const merkle = "security/internal/merkleFrontier.ts"
const tree = "security/MerkleTree.ts"

const log = "security/AuditLog.test.ts"
const powerCut = "security/auditPowerCut.test.ts"
const flood = "security/auditFlood.test.ts"
const witnesses = "security/AuditWitness.test.ts"
const checkpoints = "security/AuditCheckpoint.test.ts"
const merkleTree = "security/MerkleTree.test.ts"

const anyOperation = "keeps what was acknowledged and nothing half, at every operation"

const storing: ReadonlyArray<Mutant> = [
  {
    name: "a use that waits for the log is counted with those that do not",
    file: writer,
    find: "      this.queue.seal()\n      return Effect.as(this.writeTo(taken.sequence",
    replace: "      return Effect.as(this.writeTo(taken.sequence",
    test: flood,
    title: "withdraws no use beside it that was taken without waiting"
  },
  {
    name: "an append is acknowledged before it is synced",
    file,
    find: "Effect.andThen(current.handle.writeAll(bytes), current.handle.sync)",
    replace: "current.handle.writeAll(bytes)",
    test: powerCut,
    title: anyOperation
  },
  {
    name: "the name of a new segment is not synced",
    file,
    find: "yield* Effect.andThen(write(files, next, bytes), files.syncFolder)",
    replace: "yield* write(files, next, bytes)",
    test: powerCut,
    title: "keeps it when a new segment is begun just then"
  },
  {
    name: "what a failed write left is not cut before the next",
    file,
    find: "  yield* Effect.mapError(current.handle.truncate(current.length), files.unwritable)\n",
    replace: "",
    test: powerCut,
    title: "acknowledges nothing that was not synced"
  },
  {
    name: "bytes of somebody else are cut as the rest of a failed write",
    file,
    find: "if (!current.isDirty || found < current.length) {",
    replace: "if (found < current.length) {",
    test: log,
    title: "stops writing when somebody else wrote to the file"
  },
  {
    name: "an unsealed batch is kept",
    file: recovery,
    find: "const cut = segment.length - sealed.end",
    replace: "const cut = 0",
    test: powerCut,
    title: anyOperation
  },
  {
    name: "any line that does not fit passes for one that a crash left",
    file: recovery,
    find: "misfit.hasZeros && ",
    replace: "",
    test: log,
    title: "does not open a file whose last batch was changed"
  },
  {
    name: "what could not be made durable is not withdrawn",
    file: writer,
    find: "if (entry.sequence > this.head.tree.size) entry.isWithdrawn = true",
    replace: "void entry",
    test: log,
    title: "withdraws the change when the disk is back"
  },
  {
    name: "what holds together is written in pieces",
    file: queue,
    find: "const entries = this.pending.slice()",
    replace: "const entries = this.pending.slice(0, 1024)",
    test: log,
    title: "claims all of its events or none"
  },
  {
    name: "who is let in without a grant does not wait for the verdict",
    file: "security/internal/changes.ts",
    find: ": audit.flush\n",
    replace: ": Effect.void\n",
    test: "component/startRecords.test.ts",
    title: "is durable in one write before anything of it runs"
  },
  {
    name: "segments go without a record",
    file: retention,
    find: "yield* record(store, writer, gone, { _tag: \"Cut\", through: first.size, root, time: first.time })",
    replace: "void root",
    test: log,
    title: "that are too many are given up, which is recorded"
  },
  {
    name: "what no witness has seen is given up",
    file: retention,
    find: "if (beginning.size > seen) {",
    replace: "if (beginning.size > Infinity) {",
    test: witnesses,
    title: "keeps what a witness that does not answer has not seen"
  },
  {
    name: "an answer of a witness is read to its end",
    file: witness,
    find: "    Stream.take(18),\n",
    replace: "",
    test: witnesses,
    title: "takes an answer for what it is"
  },
  {
    name: "what one of several witnesses has seen is given up",
    file: notary,
    find: "Math.min(...this.standings.map(({ size }) => size))",
    replace: "Infinity",
    test: witnesses,
    title: "keeps what a witness that does not answer has not seen"
  }
]

const verifying: ReadonlyArray<Mutant> = [
  {
    name: "the hash of an entry is not compared with its text",
    file: checker,
    find: "line.hash !== (yield* leafHashOfText(this.sha256, line.text))",
    replace: "false",
    test: log,
    title: "finds one changed byte"
  },
  {
    name: "the root of a seal is not compared",
    file: checker,
    find: "line.root !== (yield* this.frontier.root)",
    replace: "false",
    test: log,
    title: "finds one changed byte"
  },
  {
    name: "a time before is taken",
    file: checker,
    find: "body.time < this.time",
    replace: "false",
    test: log,
    title: "finds a false number and a time before"
  },
  {
    name: "a number out of order is taken",
    file: checker,
    find: "body.sequence !== at",
    replace: "false",
    test: log,
    title: "finds a false number and a time before"
  },
  {
    name: "the root of a checkpoint is not compared",
    file: checker,
    find: "checkpoint.size === size && checkpoint.root !== root",
    replace: "false",
    test: log,
    title: "finds a log rewritten with every hash made to fit"
  },
  {
    name: "a log may end before a checkpoint",
    file: checker,
    find: "newest.size > size",
    replace: "false",
    test: log,
    title: "finds a cut end and a rewritten log"
  },
  {
    name: "a beginning may be missing without a record",
    file: checker,
    find: "this.cutThrough < first",
    replace: "false",
    test: log,
    title: "that are too many are given up, which is recorded"
  },
  {
    name: "a segment need not follow from the one before",
    file: checker,
    find: "line.size !== this.sealed.size || root !== this.sealed.root ||",
    replace: "",
    test: log,
    title: "follow from one another"
  },
  {
    name: "nodes are hashed as leaves are",
    file: merkle,
    find: "scratch[0] = 1",
    replace: "scratch[0] = 0",
    test: merkleTree,
    title: "hashes leaves and nodes in domains of their own"
  },
  {
    name: "a consistency proof need not lead to the older root",
    file: tree,
    find: "before === older.root && ",
    replace: "",
    test: merkleTree,
    title: "proves that each tree up to 32 leaves appends"
  }
]

const limiting: ReadonlyArray<Mutant> = [
  {
    name: "nobody is suspended",
    file: quota,
    find: "if (this.bytes >= bytes) {",
    replace: "if (this.bytes >= Number.NEGATIVE_INFINITY) {",
    test: flood,
    title: "writes no more than its quota"
  },
  {
    name: "all principals share one quota",
    file: sharers,
    find: "this.byKind.get(kind)?.get(id)",
    replace: "[...(this.byKind.get(kind) ?? [])].find(() => id !== \"\")?.[1]",
    test: flood,
    title: "is suspended, which is recorded once, and nobody else is"
  },
  {
    name: "uses of one principal are counted as those of another",
    file: repeats,
    find: "taken.sharer === sharer && ",
    replace: "",
    test: log,
    title: "counts repeats of a use that waits"
  },
  {
    name: "what waits is not found any more when more wait",
    file: repeats,
    find: "this.place(key, index + 1)",
    replace: "void (index + key)",
    test: log,
    title: "counts each of many uses that wait"
  },
  {
    name: "uses are counted where they are written already",
    file: queue,
    find: "    this.repeats.clear()\n",
    replace: "",
    test: log,
    title: "counts each of many uses that wait"
  },
  {
    name: "a suspension is not recorded",
    file: queue,
    find: "this.report({ _tag: \"Suspended\", principal, until }, time)\n",
    replace: "",
    test: flood,
    title: "is suspended, which is recorded once"
  },
  {
    name: "revocations have no room of their own",
    file: queue,
    find: "(isLast ? lastReserve : 0)",
    replace: "0",
    test: flood,
    title: "has room for revocations"
  },
  {
    name: "a disk that stands refuses nothing",
    file: writer,
    find: "|| this.isStuck(now)",
    replace: "",
    test: flood,
    title: "refuses uses of all when the oldest has waited for 2 seconds"
  },
  {
    name: "a disk that is slow refuses all",
    file: settings,
    find: "export const longestWait = 2000",
    replace: "export const longestWait = 50",
    test: flood,
    title: "refuses nobody but who floods it, as long as it writes"
  },
  {
    name: "what one principal may take does not follow the disk",
    file: pace,
    find: "Math.max(least, Math.floor(size * slow / 2 / millis))",
    replace: "this.places",
    test: flood,
    title: "lets who floods it write what it can take"
  },
  {
    name: "one principal may take what is left free",
    file: queue,
    find: "return count < places &&",
    replace: "return this.pending.length < this.capacity && count <= this.capacity &&",
    test: flood,
    title: "leaves places free for the next"
  },
  {
    name: "uses are taken while writing fails",
    file: writer,
    find: "this.isFailing || ",
    replace: "",
    test: log,
    title: "fails the change, denies uses"
  }
]

const attesting: ReadonlyArray<Mutant> = [
  {
    name: "a witness that holds more than the log is believed to hold less",
    file: notary,
    find: "if (error.size > tree.size) return Effect.fail(contradicted(error, tree))",
    replace: "if (error.size > tree.size) return Effect.void",
    test: witnesses,
    title: "is not opened when an older state of it was put back"
  },
  {
    name: "a witness that refuses is taken for one that does not answer",
    file: notary,
    find: "if (error.reason === \"Refused\") return Effect.fail(contradicted(error, tree))",
    replace: "",
    test: witnesses,
    title: "is not opened when it was rewritten"
  },
  {
    name: "a witness takes a history that does not append",
    file: witness,
    find: "return isConsistent\n",
    replace: "return isConsistent || true\n",
    test: witnesses,
    title: "refuses another history"
  },
  {
    name: "the signature of a checkpoint is not verified",
    file: checkpoint,
    find: "(yield* PublicKey.verify(verifier.publicKey, bytes.success.subarray(4), encoder.encode(body)))",
    replace: "true",
    test: checkpoints,
    title: "does not open with any character changed"
  },
  {
    name: "a checkpoint of another origin is taken",
    file: checkpoint,
    find: "checkpoint.origin !== verifier.origin",
    replace: "false",
    test: checkpoints,
    title: "opens for its key, name and origin alone"
  }
]

export const mutants: ReadonlyArray<Mutant> = [...storing, ...verifying, ...limiting, ...attesting, {
  name: "a log begins at any time",
  file: "security/internal/auditChecker.ts",
  find: "line.size === 0 && line.time !== 0",
  replace: "(false as boolean)",
  test: "security/AuditLog.test.ts",
  title: "finds one changed byte"
}, {
  name: "what is left of a log begins at any time",
  file: "security/internal/auditChecker.ts",
  find: " || begin.time !== event.time",
  replace: "",
  test: "security/AuditLog.test.ts",
  title: "that are too many are given up"
}]
