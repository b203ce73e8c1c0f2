/**
 * Writes the table of figures in README.md from `bench/figures.jsonl`; with
 * `--check`, reports a table that differs instead. With `--measure` it runs
 * the benchmarks of the table first and writes that file: two minutes on two
 * cores, which have to be idle.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type * as Report from "../bench/harness/Report.ts"
import { root, run } from "./lib/workspace.ts"

interface Machine {
  readonly node: string
  readonly processors: string
}

const rows: ReadonlyArray<{ readonly suite: string; readonly row: string; readonly work: string }> = [
  { suite: "component", row: "export-add", work: "A metered call of `add`, nobody hosting" },
  { suite: "component", row: "export-echo-16b", work: "A text of 16 bytes there and back, nobody hosting" },
  { suite: "runtime", row: "reply", work: "A message to a hosted component, and its typed reply" },
  { suite: "runtime", row: "reply-kept", work: "The same with its receipt kept in SQLite" },
  { suite: "runtime", row: "reply-checked", work: "A message in which a host call is decided and audited" },
  { suite: "runtime", row: "component-to-component", work: "A request of one component to another, and its reply" },
  { suite: "runtime", row: "spawn", work: "A start of an installed component (others: instantiated)" },
  { suite: "runtime", row: "kill-loop", work: "A loop ended at 10 ms, and the answer of a fresh instance" },
  { suite: "runtime", row: "memory-1000", work: "Live heap of one component, memories of guests apart" },
  { suite: "security", row: "check-hit-100", work: "A decision under 100 rules" },
  { suite: "security", row: "audited-use", work: "A use decided and audited, 1,024 made durable at once" }
]

const contenders = [["jco", "jco"], ["extism", "Extism"], ["worker", "a thread"]] as const

const stored = path.join(root, "bench", "figures.jsonl")
const readme = path.join(root, "README.md")

const measure = async (): Promise<void> => {
  const processors = os.cpus()
  const machine: Machine = {
    node: process.version,
    processors: `${processors.length} x ${processors[0]?.model ?? "unknown"}`
  }
  const lines = [JSON.stringify(machine)]
  for (const { row, suite } of rows) {
    const { code, output, stdout } = await run("node", ["bench/main.ts", suite, "--row", row, "--json"])
    if (code !== 0) throw new Error(`${suite} ${row}: ${output}`)
    lines.push(stdout.trim())
    console.log(stdout.trim())
  }
  fs.writeFileSync(stored, `${lines.join("\n")}\n`)
}

const scales: Readonly<Record<string, ReadonlyArray<readonly [number, string]>>> = {
  ns: [[1e6, "ms"], [1e3, "us"], [1, "ns"]],
  us: [[1e3, "ms"], [1, "us"], [1e-3, "ns"]],
  ms: [[1, "ms"], [1e-3, "us"], [1e-6, "ns"]],
  B: [[1e6, "MB"], [1e3, "KB"], [1, "B"]]
}

const shown = (value: number, unit: string): string => {
  const [factor, name] = scales[unit]?.find(([least]) => value >= least) ?? [1, unit]
  return `${Number((value / factor).toPrecision(2))} ${name}`
}

const render = (): string => {
  const [head, ...lines] = fs.readFileSync(stored, "utf8").trim().split("\n")
  const machine: Machine = JSON.parse(head!)
  const figures = new Map(lines.map((text) => {
    const line: Report.Line = JSON.parse(text)
    return [`${line.suite} ${line.name}`, line]
  }))
  const table = rows.map(({ row, suite, work }) => {
    const line = figures.get(`${suite} ${row}`)
    if (line === undefined) throw new Error(`bench/figures.jsonl has no ${suite} ${row}: npm run figures -- --measure`)
    const theirs = contenders.map(([name]) => {
      const found = line.against[name]
      return found === undefined ? "" : shown(found.median, line.unit)
    })
    return `| ${[work, shown(line.median, line.unit), ...theirs].join(" | ")} |`
  })
  return [
    "<!-- figures -->",
    `| median, Node ${machine.node.slice(1)}, ${machine.processors} | airssys | ${
      contenders.map(([, name]) => name).join(" | ")
    } |`,
    `| --- |${" --- |".repeat(1 + contenders.length)}`,
    ...table,
    "<!-- /figures -->"
  ].join("\n")
}

if (process.argv.includes("--measure")) await measure()
const before = fs.readFileSync(readme, "utf8")
const place = /<!-- figures -->[^]*<!-- \/figures -->/
if (!place.test(before)) throw new Error("README.md has no place for figures")
const after = before.replace(place, () => render())
if (!process.argv.includes("--check")) fs.writeFileSync(readme, after)
else if (after !== before) {
  console.error("README.md has other figures than bench/figures.jsonl: npm run figures")
  process.exitCode = 1
}
console.log(`${rows.length} figures`)
