/**
 * Takes one safety check after the other out of a copy of a package, and runs
 * the test that has to fail then: `node packages/<name>/scripts/mutants.ts
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

/** `find` occurs once in `file`, which is below `src`; `title` is part of the name of tests of `test`. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly test: string
  readonly title: string
}

/** Checks of one file, as name, text, what takes its place, and the test that has to fail. */
export const of = (
  file: string,
  test: string,
  list: ReadonlyArray<readonly [name: string, find: string, replace: string, title: string]>
): ReadonlyArray<Mutant> => list.map(([name, find, replace, title]) => ({ name, file, find, replace, test, title }))

const repository = join(import.meta.dirname, "..", "..")
/** What nothing stops any more may never end. */
const patience = 40_000

const copyPackage = (packageFolder: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"))
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

/** Replaces in `folder` one at a time, and remembers which tests pass there without. */
const tester = (folder: string) => {
  const knownSound = new Map<string, boolean>()
  const sound = (test: string, title: string): boolean => {
    const key = `${test} ${title}`
    const known = knownSound.get(key) ?? passes(folder, test, title)
    knownSound.set(key, known)
    return known
  }
  return ({ file, find, replace, test, title }: Mutant): Outcome => {
    const path = join(folder, "src", file)
    const original = readFileSync(path, "utf8")
    if (original.split(find).length !== 2) return "stale"
    try {
      writeFileSync(path, original.replace(find, () => replace))
      if (passes(folder, test, title)) return "SURVIVED"
    } finally {
      writeFileSync(path, original)
    }
    return sound(test, title) ? "caught" : "fails anyway"
  }
}

const row = (...cells: ReadonlyArray<string>): void => {
  process.stdout.write(`${cells.map((cell, i) => cell.padEnd([12, 62, 28][i] ?? 0)).join(" ")}\n`)
}

/** Tries the mutants of a package that the command line asks for. */
export const runMutants = (packageFolder: string, mutants: ReadonlyArray<Mutant>): void => {
  const { values } = parseArgs({
    options: { filter: { type: "string", default: "" }, list: { type: "boolean", default: false } }
  })
  const wanted = values.filter.toLowerCase()
  const chosen = mutants.filter(({ file, name, test }) => `${name} ${file} ${test}`.toLowerCase().includes(wanted))
  row("outcome", "check that was taken out", "file", "test")
  const folder = values.list ? undefined : copyPackage(packageFolder)
  const outcomeOf = folder === undefined ? () => "" : tester(folder)
  const counts = new Map<string, number>()
  try {
    for (const mutant of chosen) {
      const outcome = outcomeOf(mutant)
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      row(outcome, mutant.name, mutant.file, `${mutant.test}: ${mutant.title}`)
    }
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
  process.stdout.write(`${Array.from(counts, ([outcome, count]) => `${count} ${outcome}`).join(", ")}\n`)
  if (folder !== undefined && (counts.get("caught") ?? 0) !== chosen.length) process.exitCode = 1
}
