/**
 * Kills a process that writes an audit log, over and over at moments that a
 * seed decides, and compares what it said was durable with what is there.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import type { AuditEntry } from "airssys/security/AuditEntry"
import * as AuditLog from "airssys/security/AuditLog"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { crashed, type Kind, layerOf, sizeOf } from "./auditGroups.ts"
import { killedLife } from "./killedLife.ts"
import { victimBundle } from "./victimBundle.ts"

interface Acknowledged {
  readonly life: string
  readonly sequence: number
  readonly number: number
  readonly size: number
}

/**
 * Runs one life until it is killed, `delay` milliseconds after it began or, with
 * `afterOpen`, after it had opened the log.
 */
const live = (victim: string, kind: Kind, path: string, life: string, delay: number, afterOpen: boolean) =>
  killedLife([victim, kind, path, life], delay, afterOpen).then((lines) =>
    lines.map((line): Acknowledged => {
      const [sequence = 0, number = 0, size = 0] = line.split(" ").map(Number)
      return { life, sequence, number, size }
    })
  )

const readBack = (kind: Kind, path: string): Promise<ReadonlyArray<AuditEntry>> =>
  Effect.runPromise(Effect.provide(
    AuditLog.AuditLog.use((audit) => Effect.andThen(audit.verify, audit.entries)),
    AuditLog.layer().pipe(Layer.provide([layerOf(kind, path), NodeCrypto.layerDigest]))
  ))

const text = ({ event }: AuditEntry): string => event._tag === "Crashed" ? event.detail : ""

/** What is wrong with a log, given what was said to be durable; undefined if nothing is. */
const problemOf = (
  entries: ReadonlyArray<AuditEntry>,
  acknowledged: ReadonlyArray<Acknowledged>
): string | undefined => {
  for (const { life, number, sequence, size } of acknowledged) {
    for (let index = 0; index < size; index++) {
      const entry = entries[sequence - size + index]
      const event = crashed(life, number, String(index))
      if (entry === undefined || event._tag !== "Crashed" || text(entry) !== event.detail) {
        return `entry ${sequence - size + index + 1} is not ${life}/${number}/${index}, which was acknowledged`
      }
    }
  }
  const groups = new Map<string, number>()
  for (const entry of entries) {
    const match = /^(\d+)\/(\d+)\/\d+ /.exec(text(entry))
    if (match !== null) groups.set(`${match[1]}/${match[2]}`, (groups.get(`${match[1]}/${match[2]}`) ?? 0) + 1)
  }
  for (const [group, size] of groups) {
    const [life = "", number = ""] = group.split("/")
    if (size !== sizeOf(life, Number(number))) return `of group ${group} there are ${size} events`
  }
  return undefined
}

export interface Report {
  readonly kills: number
  readonly acknowledged: number
  readonly entries: number
  readonly cuts: number
  readonly problems: ReadonlyArray<string>
}

/** Lives on one log before a new one is begun. */
const livesOfLog = 20

/** Kills a writer so many times. */
export const kill = async (kind: Kind, kills: number, seed: number): Promise<Report> => {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  const problems: Array<string> = []
  const built = mkdtempSync(join(tmpdir(), "airssys-victim-"))
  const victim = victimBundle("./auditVictim.ts", built)
  let report = { acknowledged: 0, entries: 0, cuts: 0 }
  for (let done = 0; done < kills;) {
    const folder = mkdtempSync(join(tmpdir(), "airssys-crash-"))
    const path = join(folder, "audit")
    const acknowledged: Array<Acknowledged> = []
    let entries: ReadonlyArray<AuditEntry> = []
    for (let life = 0; life < livesOfLog && done < kills; life++, done++) {
      const afterOpen = random() < 0.9
      acknowledged.push(...await live(victim, kind, path, String(life), random() * (afterOpen ? 60 : 250), afterOpen))
      entries = await readBack(kind, path)
      const problem = problemOf(entries, acknowledged)
      if (problem !== undefined) problems.push(`kill ${done}: ${problem}`)
    }
    report = {
      acknowledged: report.acknowledged + acknowledged.length,
      entries: report.entries + entries.length,
      cuts: report.cuts + entries.filter(({ event }) => event._tag === "TailCut").length
    }
    rmSync(folder, { recursive: true, force: true })
  }
  rmSync(built, { recursive: true, force: true })
  return { kills, ...report, problems }
}
