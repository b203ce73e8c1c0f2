/**
 * Takes one safety check after the other out of a copy of the engine, and runs
 * the test that has to fail then: `node packages/engine/scripts/mutants.ts
 * [--filter text] [--list]`.
 *
 * Prints a table. Ends with status 1 where a test passes all the same, where a
 * text to replace is not found exactly once, or where a test fails on the copy
 * before anything was replaced.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { mutants } from "./mutantTable.ts"
import type { Mutant } from "./mutantTable.ts"

const { values } = parseArgs({
  options: { filter: { type: "string", default: "" }, list: { type: "boolean", default: false } }
})
const wanted = values.filter.toLowerCase()
const chosen = mutants.filter(({ file, name, test }) => `${name} ${file} ${test}`.toLowerCase().includes(wanted))

const packageFolder = join(import.meta.dirname, "..")
const repository = join(packageFolder, "..", "..")
/** A guest that nothing stops any more may never end. */
const patience = 40_000

const copyEngine = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "engine-mutants-"))
  for (const name of ["src", "test", "package.json"]) {
    cpSync(join(packageFolder, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"))
  writeFileSync(join(folder, "vitest.config.js"), "export default { test: { testTimeout: 5000 } }\n")
  return folder
}

/** True where the tests pass. */
const passes = (folder: string, test: string, title: string): boolean => {
  const vitest = join(repository, "node_modules", "vitest", "vitest.mjs")
  const filter = title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
  const { status } = spawnSync(process.execPath, [vitest, "run", "--bail", "1", `test/${test}`, "-t", filter], {
    cwd: folder,
    stdio: "ignore",
    timeout: patience,
    killSignal: "SIGKILL"
  })
  return status === 0
}

type Outcome = "caught" | "SURVIVED" | "stale" | "fails anyway"

const outcomeOf = (folder: string, { file, find, replace, test, title }: Mutant): Outcome => {
  const path = join(folder, "src", file)
  const original = readFileSync(path, "utf8")
  if (original.split(find).length !== 2) return "stale"
  try {
    writeFileSync(path, original.replace(find, () => replace))
    if (passes(folder, test, title)) return "SURVIVED"
  } finally {
    writeFileSync(path, original)
  }
  return sound(folder, test, title) ? "caught" : "fails anyway"
}

const knownSound = new Map<string, boolean>()

/** Whether a test passes on the engine as it is. */
const sound = (folder: string, test: string, title: string): boolean => {
  const key = `${test} ${title}`
  const known = knownSound.get(key) ?? passes(folder, test, title)
  knownSound.set(key, known)
  return known
}

const row = (...cells: ReadonlyArray<string>): void => {
  process.stdout.write(`${cells.map((cell, i) => cell.padEnd([12, 62, 28][i] ?? 0)).join(" ")}\n`)
}

row("outcome", "check that was taken out", "file", "test")
const folder = values.list ? undefined : copyEngine()
const counts = new Map<string, number>()
try {
  for (const mutant of chosen) {
    const outcome = folder === undefined ? "" : outcomeOf(folder, mutant)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    row(outcome, mutant.name, mutant.file, `${mutant.test}: ${mutant.title}`)
  }
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`${Array.from(counts, ([outcome, count]) => `${count} ${outcome}`).join(", ")}\n`)
if (folder !== undefined && (counts.get("caught") ?? 0) !== chosen.length) process.exitCode = 1
