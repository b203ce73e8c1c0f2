/**
 * Kills a process that writes to a store of storage, over and over at moments
 * that a seed decides, and compares what it acknowledged with what is there.
 */
import * as Storage from "airssys/component/Storage"
import * as Quotas from "airssys/security/Quotas"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { killedLife } from "./killedLife.ts"
import { keysOf, layerOf, owner, type Services, transient, valueOf } from "./storageGroups.ts"
import { victimBundle } from "./victimBundle.ts"

interface Life {
  readonly name: string
  readonly acknowledged: ReadonlyArray<number>
}

/** Runs one life until it is killed, `delay` milliseconds after it began or, with `afterOpen`, after it had opened. */
const live = (victim: string, path: string, name: string, delay: number, afterOpen: boolean) =>
  killedLife([victim, path, name], delay, afterOpen).then((lines): Life => ({ name, acknowledged: lines.map(Number) }))

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other)

/** How many keys of a group are there with their values. */
const present = (storage: Storage.Storage["Service"], life: string, number: number) =>
  Effect.map(
    Effect.forEach(keysOf(life, number), (key) => storage.get(owner, key)),
    (found) => found.filter((entry) => Option.isSome(entry) && isSame(entry.value.value, valueOf(life, number))).length
  )

/** The greatest number after those that were acknowledged of which something may be there. */
const ahead = 6

const problemsOf = (life: Life): Effect.Effect<ReadonlyArray<string>, Error, Services> =>
  Effect.gen(function*() {
    const storage = yield* Storage.Storage
    const problems: Array<string> = []
    const acknowledged = new Set(life.acknowledged)
    const last = Math.max(-1, ...acknowledged) + ahead
    for (let number = 0; number <= last; number++) {
      const [found, all] = [yield* present(storage, life.name, number), keysOf(life.name, number).length]
      if (found !== all && (acknowledged.has(number) || found !== 0)) {
        problems.push(`${found} of ${all} keys of ${life.name}/${number} are there`)
      }
      const isThere = yield* storage.exists(owner, transient(life.name, number))
      if (isThere && acknowledged.has(number + 3)) problems.push(`${life.name}/${number} was removed, and is there`)
    }
    return problems
  })

/** The store has what it counts, and its quota knows. */
const sums = Effect.gen(function*() {
  const storage = yield* Storage.Storage
  const quotas = yield* Quotas.Quotas
  const damages = yield* storage.verify
  const usage = yield* storage.usage(owner)
  const limits = yield* quotas.usage({ kind: "Component", id: owner.id })
  const used = limits.find(({ quota }) => quota === "storage")?.used
  return [
    ...damages.map(({ detail, key }) => `${key}: ${detail}`),
    ...used === usage.bytes ? [] : [`${usage.bytes} bytes are stored, and the quota has ${used}`]
  ]
})

export interface Report {
  readonly kills: number
  readonly acknowledged: number
  readonly problems: ReadonlyArray<string>
}

/** Lives on one store before a new one is begun. */
const livesOfStore = 20

/** Kills a writer so many times. */
export const kill = async (kills: number, seed: number): Promise<Report> => {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  const problems: Array<string> = []
  let acknowledged = 0
  const built = mkdtempSync(join(tmpdir(), "airssys-victim-"))
  const victim = victimBundle("./storageVictim.ts", built)
  for (let done = 0; done < kills;) {
    const folder = mkdtempSync(join(tmpdir(), "airssys-crash-"))
    const path = join(folder, "storage")
    const lives: Array<Life> = []
    for (let life = 0; life < livesOfStore && done < kills; life++, done++) {
      const afterOpen = random() < 0.9
      const ended = await live(victim, path, String(life), random() * (afterOpen ? 60 : 250), afterOpen)
      lives.push(ended)
      acknowledged += ended.acknowledged.length
      const isLast = life === livesOfStore - 1 || done === kills - 1
      const found = await Effect.runPromise(Effect.provide(
        Effect.all([...(isLast ? lives : [ended]).map(problemsOf), sums]),
        layerOf(path)
      ))
      problems.push(...found.flat().map((problem) => `kill ${done}: ${problem}`))
    }
    rmSync(folder, { recursive: true, force: true })
  }
  rmSync(built, { recursive: true, force: true })
  return { kills, acknowledged, problems }
}
