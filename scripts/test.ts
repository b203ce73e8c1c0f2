/**
 * Runs every check, two at a time where they do not disturb each other, and
 * ends with one line of totals. `npm test -- types lint` runs the named ones.
 *
 * A check is a script of package.json. Those that run tests report how many;
 * one that reports none has failed, whatever its exit code.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { inParallel, root, run } from "./lib/workspace.ts"

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Check {
  readonly script: string
  /** Arguments that make it report machine-readable, if its own output is not. */
  readonly args?: ReadonlyArray<string>
  /** What it counted; undefined when its report is not there. Without it the check counts as one. */
  readonly count?: (output: string) => Counts | undefined
}

const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "airssys-test-")), "unit.json")

interface FileResult {
  readonly status: string
  readonly assertionResults: ReadonlyArray<{ readonly status: string }>
}

/** A file that failed outside its tests, by an import or a hook, counts as one. */
const countUnit = (): Counts | undefined => {
  if (!fs.existsSync(report)) return undefined
  const result = JSON.parse(fs.readFileSync(report, "utf8"))
  const brokenFiles: number =
    result.testResults.filter((file: FileResult) =>
      file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed")
    ).length
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenFiles,
    skipped: result.numPendingTests + result.numTodoTests
  }
}

/** `Tests: 1 failed, 33 passed, 34 total`, with the label given. */
const countLine = (label: string) => (output: string): Counts | undefined => {
  const line = new RegExp(`^${label}: +(.*\\d+ total)$`, "m").exec(output)?.[1]
  if (line === undefined) return undefined
  const of = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0)
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") + of("todo") }
}

const together: ReadonlyArray<Check> = [
  { script: "check:types" },
  { script: "check:barrels" },
  { script: "check:effect" },
  { script: "check:lint" },
  { script: "check:format" },
  { script: "check:schemas" },
  { script: "check:semantics" },
  { script: "check:links" },
  { script: "check:figures" },
  { script: "test:types", count: countLine("Tests") },
  { script: "check:examples", count: countLine("Examples") },
  { script: "check:pack" }
]

/** These measure time or start threads, and have the machine to themselves. */
const alone: ReadonlyArray<Check> = [
  {
    script: "test:unit",
    args: ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`],
    count: countUnit
  }
]

const limit = 25 * 60_000

const verdict = (check: Check, code: number, output: string): Counts => {
  if (check.count === undefined) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
  const counted = check.count(output) ?? { passed: 0, failed: 0, skipped: 0 }
  const isSilentFailure = counted.failed === 0 && (code !== 0 || counted.passed === 0)
  return isSilentFailure ? { ...counted, failed: 1 } : counted
}

const perform = async (check: Check): Promise<Counts> => {
  const start = performance.now()
  const args = check.args === undefined ? [] : ["--", ...check.args]
  const { code, output } = await run("npm", ["run", "--silent", check.script, ...args], {
    env: { NO_COLOR: "1", FORCE_COLOR: undefined, TSTYCHE_NO_INTERACTIVE: "1" },
    timeout: limit
  })
  const counts = verdict(check, code, output)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const numbers = check.count === undefined ? "" : `: ${counts.passed} passed, ${counts.failed} failed`
  if (counts.failed > 0) console.log(output.trimEnd())
  console.log(`${counts.failed > 0 ? "FAIL" : "ok  "} ${check.script}${numbers} (${seconds} s)`)
  return counts
}

const wanted = process.argv.slice(2)
const isNamed = ({ script }: Check, name: string) => script === name || script.endsWith(`:${name}`)
const isWanted = (check: Check) => wanted.length === 0 || wanted.some((name) => isNamed(check, name))
const known = [...together, ...alone]
const unknown = wanted.filter((name) => !known.some((check) => isNamed(check, name)))
if (unknown.length > 0) {
  console.error(
    `error: there is no check "${unknown[0]}"; there are ${
      known.map(({ script }) => script).join(", ")
    }. Nothing was run.`
  )
  process.exit(1)
}

console.log(`Node ${process.versions.node}, ${path.relative(process.cwd(), root) || "."}`)
const results = [
  ...await inParallel(2, together.filter(isWanted), perform),
  ...await inParallel(1, alone.filter(isWanted), perform)
]
fs.rmSync(path.dirname(report), { recursive: true, force: true })

const sum = (of: (counts: Counts) => number) => results.reduce((total, counts) => total + of(counts), 0)
const [passed, failed, skipped] = [sum((it) => it.passed), sum((it) => it.failed), sum((it) => it.skipped)]
if (failed > 0) process.exitCode = 1
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
